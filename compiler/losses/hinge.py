"""loss hinge: for classification by margins instead of probabilities."""

from __future__ import annotations

from ..kinds.loss import REDUCTION, LossKind, Reads
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import scale, select, unary
from ..ops.reduction import sum_over
from ..ops.source import const
from .registry import loss


def lower(c: LossContext) -> Value:
    """The margin violations; the form of the targets is known at run time."""
    y, t, last = c.output, c.target, c.output.type.rank - 1
    one, classes = const(c.build, 1.0), y.type.shape[-1]
    if classes == 1:
        return c.reduce(unary("relu", one - t * y), "dy = −t where t·y < 1, else 0")
    right = c.build.describe(sum_over(t * y, (last,), keepdims=True), hint="right_score")
    margin = select(c.ids, one + (y - right), one - t * y)  # y - right first: 1 + y may lose the 1
    wrong = scale(one - t, 1.0, classes)
    # With class ids a row's loss is the mean over classes for any reduction, as in PyTorch.
    each = scale(one, 1.0, classes if c.args["reduction"] == "mean" else 1)
    missed = sum_over(select(c.ids, wrong, each) * unary("relu", margin), (last,))
    slope = "dy = (m − t·Σ m for class ids, −t·m for −1, 1); m > 0 where a margin is missed"
    return c.reduce(missed, slope)


loss(
    LossKind(
        name="hinge",
        summary="violation of a margin of 1 between the right class and the others (Crammer, Singer)",
        formula="L = Σ max(0, 1 − y_right + y_j)/C over wrong classes j; of −1, 1: max(0, 1 − t·y)",
        example="input 4 -> dense 3; loss hinge",
        lower=lower,
        target="margins",
        reads=Reads.SCORES,
        args=(REDUCTION,),
        aliases=("multi_margin", "multi_margin_loss"),
        torch="nn.MultiMarginLoss (class ids)",
        keras="losses.Hinge (targets of −1 and 1)",
        notes="Targets are class ids (B,), with the mean over the rows, or −1 and 1 in the shape of "
        "the output, with the mean over all elements. An output of size 1 takes −1 and 1. The output "
        "is a score without activation.",
    )
)
