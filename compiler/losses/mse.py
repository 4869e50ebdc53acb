"""loss mse: for regression."""

from __future__ import annotations

from ..kinds.loss import REDUCTION, LossKind
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import loss


def lower(c: LossContext) -> Value:
    """The squared differences."""
    return c.reduce(unary("square", c.output - c.target), "dy = 2 (y − t)")


loss(
    LossKind(
        name="mse",
        summary="mean squared error",
        formula="L = (y − t)², mean over all elements",
        example="input 4 -> dense 1; loss mse",
        lower=lower,
        error_factor=2.0,
        args=(REDUCTION,),
        aliases=("l2_loss", "mean_squared_error"),
        torch="nn.MSELoss",
        keras="losses.MeanSquaredError",
    )
)
