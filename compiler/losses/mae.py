"""loss mae: for regression that is robust to outliers."""

from __future__ import annotations

from ..kinds.loss import REDUCTION, LossKind
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import loss


def lower(c: LossContext) -> Value:
    """The absolute differences."""
    return c.reduce(unary("abs", c.output - c.target), "dy = sign(y − t)")


loss(
    LossKind(
        name="mae",
        summary="mean absolute error",
        formula="L = |y − t|, mean over all elements",
        example="input 4 -> dense 1; loss mae",
        lower=lower,
        args=(REDUCTION,),
        aliases=("l1_loss", "mean_absolute_error"),
        torch="nn.L1Loss",
        keras="losses.MeanAbsoluteError",
    )
)
