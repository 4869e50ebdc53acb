"""What a loss kind is: schema, lowering and documentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..ir.layer_graph import Setting
from ..ops.build import Value
from .arguments import ArgSpec, Option, option
from .lower.losses import LossContext


class Reads(Enum):
    """What a loss takes the output for."""

    CLASS_LOGITS = "logits of classes"
    LOGITS = "logits of yes or no"
    SCORES = "scores of classes"
    LOG_PROBABILITIES = "logarithms of the classes' probabilities"
    LOG_RATES = "logarithms of rates"
    NUMBERS = "numbers, which should become the targets"


CLASS_READS = (Reads.CLASS_LOGITS, Reads.SCORES, Reads.LOG_PROBABILITIES)
"""What is read of outputs whose last axis is that of classes."""


@dataclass(frozen=True, slots=True)
class LossKind:
    """A registry entry; `lower` emits the loss as a scalar, on logits where that is stable.

    `formula` is that of the default arguments, `variants` those where an argument is given.
    `target` names what targets may be, one of `TARGET_KINDS`. `mean` is the reduction that
    `reduction=mean` stands for. `error_factor` is dL/dy over y − t for one entry, where it is
    always the same: 2 of a square, 1 of half of one.
    """

    name: str
    summary: str
    formula: str
    example: str
    lower: Callable[[LossContext], Value]
    target: str = "values"
    reads: Reads = Reads.NUMBERS
    mean: str = "mean"
    error_factor: float | None = None
    args: tuple[ArgSpec, ...] = ()
    aliases: tuple[str, ...] = ()
    torch: str = ""
    keras: str = ""
    notes: str = ""
    variants: tuple[tuple[str, str], ...] = ()

    def formula_of(self, setting: Setting, weight: float = 1.0, *, by_row: bool = False) -> str:
        """The formula for these arguments, times the weight; `by_row` if rows have weights, too."""
        given = [text for name, text in self.variants if name in setting.given]
        core, comma, mean = (given[0] if given else self.formula).partition(", mean over ")
        how = {
            "mean": f"{comma}{mean}",
            "batchmean": ", summed over each row, mean over the batch",
            "sum": ", summed over all rows",
        }[str(setting.args["reduction"])]
        how += ", each row by its weight" if by_row else ""
        return f"{core}{how}" if weight == 1 else f"{weight:g} L, {core}{how}"


TARGET_KINDS = ("classes", "margins", "probabilities", "unit", "counts", "values")
"""What targets may be, the narrowest first: class ids or rows of probabilities; class ids, or −1
and 1; rows of probabilities; numbers from 0 to 1; numbers from 0 on; any numbers."""


REDUCTION = option(
    "reduction", Option(("mean", "batchmean", "sum")), "how rows and elements are reduced", "mean"
)
"""The argument that every loss takes."""
