"""tanh: squeezes every entry into (−1, 1)."""

from __future__ import annotations

from ..ir.op_graph import Value
from ..lower.context import LowerContext
from ..ops.elementwise import unary
from ..shapes.rules import per_entry, same
from .registry import Family, LayerKind, Trailing, layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("tanh", c.x), "a = tanh(z)")


layer(
    LayerKind(
        name="tanh",
        family=Family.ACTIVATION,
        summary="hyperbolic tangent: squeezes every entry into (−1, 1)",
        formula="a = tanh(z)",
        example="input 1 -> dense 20 tanh -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        flops=per_entry(4),
        trailing=Trailing.NO,
        torch="nn.Tanh()",
        keras="Activation('tanh')",
    )
)
