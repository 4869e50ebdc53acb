"""loss poisson: for counts."""

from __future__ import annotations

from ..kinds.loss import REDUCTION, LossKind, Reads
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from .registry import loss


def lower(c: LossContext) -> Value:
    """Computed from the logarithm of the rate, so that every output is a valid rate."""
    return c.reduce(c.build.emit("poisson", c.output, c.target), "dy = exp(y) − t")


loss(
    LossKind(
        name="poisson",
        summary="negative log-likelihood of counts under a Poisson distribution",
        formula="L = exp(y) − t·y, mean over all elements",
        example="input 4 -> dense 1; loss poisson",
        lower=lower,
        target="counts",
        reads=Reads.LOG_RATES,
        args=(REDUCTION,),
        aliases=("poisson_nll", "poisson_nll_loss"),
        torch="nn.PoissonNLLLoss(log_input=True, full=False)",
        keras="losses.Poisson (on exp(y))",
        notes="The output is the logarithm of the rate: the expected count is exp(y). Targets are "
        "non-negative numbers. The term log t!, which is constant, is left out.",
    )
)
