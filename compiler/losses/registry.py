"""What a loss kind is: schema, lowering and documentation.

A loss is one file in this folder that makes one `LossKind` and passes it to `loss`. Files are
found by themselves; did-you-mean, argument checks and the reference are derived from here.
`on` and `weight`, which every loss takes, are not part of a kind's schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..layers.registry import ArgSpec, Option, option
from ..registry import Registry

if TYPE_CHECKING:
    from ..ir.layer_graph import Setting
    from ..ir.op_graph import Value
    from ..lower.losses import LossContext


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

LOSSES: Registry[LossKind] = Registry("loss")
"""Every loss by its own name; filled by the files of this folder."""

loss = LOSSES.enter
aliases = LOSSES.aliases


def target_kind(losses: Iterable[str]) -> str:
    """What the target may be of an output that these losses judge."""
    return min((LOSSES[name].target for name in losses), key=TARGET_KINDS.index)
