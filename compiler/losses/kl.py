"""loss kl: for target distributions."""

from __future__ import annotations

from ..kinds.loss import REDUCTION, LossKind, Reads
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import loss


def lower(c: LossContext) -> Value:
    """t·log t, which is 0 for t = 0, minus t times the log-probability."""
    return c.reduce(unary("xlogx", c.target) - c.target * c.output, "dy = −t")


loss(
    LossKind(
        name="kl",
        summary="Kullback-Leibler divergence of the output's distribution from the target's",
        formula="L = t·(log t − y), mean over all elements",
        example="input 4 -> dense 3 log_softmax; loss kl reduction=batchmean",
        lower=lower,
        target="probabilities",
        reads=Reads.LOG_PROBABILITIES,
        args=(REDUCTION,),
        aliases=("kl_div", "kl_divergence"),
        torch="nn.KLDivLoss",
        keras="losses.KLDivergence (on exp(y))",
        notes="The outputs are log-probabilities: end in `log_softmax`. Targets are rows of "
        "probabilities. The divergence itself is `reduction=batchmean`; the mean, as in PyTorch, "
        "also divides by the number of classes.",
    )
)
