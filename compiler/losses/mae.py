"""loss mae: for regression that outliers should not rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..ops.elementwise import unary
from .registry import REDUCTION, LossKind, loss

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.losses import LossContext


def lower(c: LossContext) -> Value:
    """The sizes of the differences."""
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
