"""What a loss kind is: schema, lowering and documentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..ir.layer_graph import Setting
from ..ops.build import Value
from .arguments import ArgSpec, Option, option
from .lower.losses import LossContext


@dataclass(frozen=True, slots=True)
class LossKind:
    """A registry entry; `lower` emits the loss as a scalar, on logits where that is stable.

    `formula` is that of the default arguments, `variants` those where an argument is given.
    `target` names what targets may be, one of `TARGET_KINDS`.
    """

    name: str
    summary: str
    formula: str
    example: str
    lower: Callable[[LossContext], Value]
    target: str = "values"
    args: tuple[ArgSpec, ...] = ()
    aliases: tuple[str, ...] = ()
    torch: str = ""
    keras: str = ""
    notes: str = ""
    variants: tuple[tuple[str, str], ...] = ()

    def formula_of(self, setting: Setting, weight: float = 1.0) -> str:
        """The formula for these arguments, times the weight."""
        given = [text for name, text in self.variants if name in setting.given]
        core, comma, mean = (given[0] if given else self.formula).partition(", mean over ")
        how = {
            "mean": f"{comma}{mean}",
            "batchmean": ", summed over each row, mean over the batch",
            "sum": ", summed over all rows",
        }[str(setting.args["reduction"])]
        return f"{core}{how}" if weight == 1 else f"{weight:g} L, {core}{how}"


TARGET_KINDS = ("classes", "margins", "probabilities", "unit", "counts", "values")
"""What targets may be, the narrowest first: class ids or rows of probabilities; class ids, or −1
and 1; rows of probabilities; numbers from 0 to 1; numbers from 0 on; any numbers."""


REDUCTION = option(
    "reduction", Option(("mean", "batchmean", "sum")), "how rows and elements are reduced", "mean"
)
"""The argument that every loss takes."""
