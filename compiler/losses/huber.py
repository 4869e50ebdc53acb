"""loss huber: squared for small differences, absolute for large ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..layers.registry import Num, positional
from ..ops.elementwise import unary
from .registry import REDUCTION, LossKind, loss

if TYPE_CHECKING:
    from ..ir.op_graph import Value
    from ..lower.losses import LossContext


def lower(c: LossContext) -> Value:
    """The Huber function of the differences (Huber 1964)."""
    each = unary("huber", c.output - c.target, delta=float(c.args["delta"]))  # type: ignore[arg-type]
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
            positional("delta", Num(0, open_low=True), "where the quadratic part ends", 1.0),
        ),
        aliases=(),
        torch="nn.HuberLoss",
        keras="losses.Huber",
    )
)
