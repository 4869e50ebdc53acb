"""tanh: maps every entry to (−1, 1)."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("tanh", c.x), "a = tanh(z)")


layer(
    LayerKind(
        name="tanh",
        family=Family.ACTIVATION,
        summary="hyperbolic tangent: maps every entry to (−1, 1)",
        formula="a = tanh(z)",
        example="input 1 -> dense 20 tanh -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(4),
        trailing=Trailing.NO,
        torch="nn.Tanh()",
        keras="Activation('tanh')",
    )
)
