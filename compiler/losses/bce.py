"""loss bce: for independent yes-or-no outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .registry import REDUCTION, LossKind, loss

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.losses import LossContext


def lower(c: LossContext) -> Value:
    """From logits: a sigmoid at the end is looked through."""
    return c.reduce(c.build.emit("bce", c.logits("sigmoid"), c.target))


loss(
    LossKind(
        name="bce",
        summary="binary crossentropy: negative log-likelihood of independent yes-or-no targets",
        formula="L = −t·log σ(z) − (1−t)·log(1−σ(z)), mean over all elements",
        example="input 4 -> dense 1 sigmoid; loss bce",
        lower=lower,
        args=(REDUCTION,),
        aliases=("binary_crossentropy",),
        torch="nn.BCEWithLogitsLoss (on the logits)",
        keras="losses.BinaryCrossentropy",
        notes="Targets lie in [0, 1]. Computed from the logits, stably.",
    )
)
