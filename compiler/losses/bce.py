"""loss bce: for independent binary outputs."""

from __future__ import annotations

from ..ir.reading import number, numbers
from ..kinds.arguments import Numbers, option
from ..kinds.loss import REDUCTION, LossKind, Reads
from ..kinds.lower.along import along_axis
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import scale, unary
from ..ops.source import const
from .registry import loss


def lower(c: LossContext) -> Value:
    """Computed from logits; a final sigmoid is combined with the loss."""
    z, weight = c.logits("sigmoid"), c.args["pos_weight"]
    if weight == 1:
        return c.reduce(c.build.emit("bce", z, c.target), "dz = σ(z) − t")
    by_entry = numbers(weight) if isinstance(weight, tuple) else number(weight)
    factor = along_axis(z, by_entry, z.type.rank - 2)
    yes = factor * c.target * unary("softplus", scale(z, -1.0))
    no = (const(c.build, 1.0) - c.target) * unary("softplus", z)
    return c.reduce(yes + no, "dz = (1 − t)·σ(z) − p·t·σ(−z)")


loss(
    LossKind(
        name="bce",
        summary="binary crossentropy: negative log-likelihood of independent binary targets",
        formula="L = −t·log σ(z) − (1−t)·log(1−σ(z)), mean over all elements",
        example="input 4 -> dense 1 sigmoid; loss bce",
        lower=lower,
        target="unit",
        reads=Reads.LOGITS,
        args=(
            REDUCTION,
            option(
                "pos_weight",
                Numbers(low=0),
                "the weight of positive targets: one number, or one for each output",
                1.0,
            ),
        ),
        variants=(("pos_weight", "L = −p·t·log σ(z) − (1−t)·log(1−σ(z)), mean over all elements"),),
        aliases=("binary_crossentropy",),
        torch="nn.BCEWithLogitsLoss (on the logits)",
        keras="losses.BinaryCrossentropy",
        notes="Targets lie in [0, 1]. Computed from the logits, stably.",
    )
)
