"""sigmoid: maps every entry to (0, 1)."""

from __future__ import annotations

from ..kinds.arguments import Num, positional
from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import scale, unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    beta = c.arg("beta")
    if beta == 1:
        return c.note(unary("sigmoid", c.x), "a = σ(z)")
    return c.note(unary("sigmoid", scale(c.x, beta)), "a = σ(β z)")


layer(
    LayerKind(
        name="sigmoid",
        family=Family.ACTIVATION,
        summary="logistic function: maps every entry to (0, 1)",
        formula="a = σ(β z) = 1 / (1 + exp(−β z))",
        example="input 4 -> dense 3 sigmoid(2) -> dense 1 sigmoid; loss bce",
        args=(positional("beta", Num(), "steepness", 1.0),),
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(4),
        aliases=("logistic",),
        trailing=Trailing.NO,
        torch="nn.Sigmoid()",
        keras="Activation('sigmoid')",
        notes="Under `loss bce` it is computed together with the loss, stably.",
    )
)
