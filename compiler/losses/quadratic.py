"""loss quadratic: the quadratic cost of textbooks."""

from __future__ import annotations

from ..kinds.loss import REDUCTION, LossKind
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import scale, unary
from .registry import loss


def lower(c: LossContext) -> Value:
    """Half the squared length of the difference, averaged over the batch."""
    half = scale(unary("square", c.output - c.target), 0.5)
    return c.reduce(half, "dy = y − t")


loss(
    LossKind(
        name="quadratic",
        summary="half the squared error, summed over the features (Nielsen's quadratic cost)",
        formula="L = ½ Σ (y − t)², mean over the batch",
        example="input 4 -> dense 1 sigmoid; loss quadratic",
        lower=lower,
        mean="batchmean",
        error_factor=1.0,
        args=(REDUCTION,),
        aliases=(),
        torch="0.5 * nn.MSELoss(reduction='sum') / B",
        keras="",
    )
)
