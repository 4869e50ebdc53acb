"""The definition of a loss kind: schema, lowering and documentation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ..ir.layer_graph import Setting
from ..ops.build import Value
from .arguments import ArgSpec, Option, option
from .lower.losses import LossContext


class Reads(Enum):
    """The interpretation of the output by a loss."""

    CLASS_LOGITS = "logits of classes"
    LOGITS = "logits of yes or no"
    SCORES = "scores of classes"
    LOG_PROBABILITIES = "logarithms of the classes' probabilities"
    LOG_RATES = "logarithms of rates"
    NUMBERS = "numbers, which should become the targets"


CLASS_READS = (Reads.CLASS_LOGITS, Reads.SCORES, Reads.LOG_PROBABILITIES)
"""The interpretations in which the last axis of the output is the classes."""


@dataclass(frozen=True, slots=True)
class LossKind:
    """A registry entry; `lower` emits the scalar loss, from logits where that is more stable.

    `formula` is the formula for default arguments, `variants` those for other arguments.
    `target` is the kind of targets, one of `TARGET_KINDS`. `mean` is the meaning of
    `reduction=mean`. `error_factor` is dL/dy divided by y − t for one entry, if constant: 2 for a
    square, 1 for half a square.
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
        """Return the formula for these arguments and weight; `by_row` if rows have weights too."""
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
"""The kinds of targets, narrowest first: class ids or rows of probabilities; class ids, or −1 and
1; rows of probabilities; numbers in [0, 1]; non-negative numbers; any numbers."""


REDUCTION = option(
    "reduction", Option(("mean", "batchmean", "sum")), "how rows and elements are reduced", "mean"
)
"""The `reduction` argument of every loss."""
