"""loss huber: squared for small differences, absolute for large ones."""

from __future__ import annotations

from ..ir.reading import number
from ..kinds.arguments import Num, positional
from ..kinds.loss import REDUCTION, LossKind
from ..kinds.lower.losses import LossContext
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import loss


def lower(c: LossContext) -> Value:
    """The Huber function of the differences (Huber 1964)."""
    each = unary("huber", c.output - c.target, delta=number(c.args["delta"]))
    return c.reduce(each, "dy = clip(y − t, −δ, δ)")


loss(
    LossKind(
        name="huber",
        summary="quadratic near zero, linear beyond delta",
        formula="L = ½r² where |r| ≤ δ, else δ(|r| − δ/2), mean over all elements",
        example="input 4 -> dense 1; loss huber(delta=1)",
        lower=lower,
        args=(
            REDUCTION,
            positional("delta", Num(0, open_low=True), "the end of the quadratic part", 1.0),
        ),
        aliases=(),
        torch="nn.HuberLoss",
        keras="losses.Huber",
    )
)
