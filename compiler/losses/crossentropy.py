"""loss crossentropy: for one class out of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..layers.registry import Num, option
from ..ops.elementwise import scale
from ..ops.source import const
from .registry import REDUCTION, LossKind, loss

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.losses import LossContext


def lower(c: LossContext) -> Value:
    """From logits: a softmax or log_softmax at the end is looked through."""
    logits = c.logits("softmax", "log_softmax")
    target = c.target
    smoothing = float(c.args["smoothing"])  # type: ignore[arg-type]
    if smoothing:
        classes = int(str(target.type.shape[-1]))
        target = scale(target, 1.0 - smoothing) + const(c.build, smoothing / classes)
    return c.reduce(c.build.emit("crossentropy", logits, target))


loss(
    LossKind(
        name="crossentropy",
        summary="negative log-likelihood of the right class under a softmax",
        formula="L = −Σ t·log softmax(z), mean over the rows",
        example="input 4 -> dense 3 softmax; loss crossentropy",
        lower=lower,
        args=(
            REDUCTION,
            option("smoothing", Num(0, 1, open_high=True), "label smoothing (Szegedy 2016)", 0.0),
        ),
        aliases=("cross_entropy", "categorical_crossentropy"),
        torch="nn.CrossEntropyLoss (on the logits)",
        keras="losses.CategoricalCrossentropy",
        notes="Targets are class ids or rows of probabilities. Computed from the logits, stably.",
    )
)
