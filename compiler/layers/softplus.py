"""softplus: a smooth relu."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("softplus", c.x), "a = log(1 + exp(z))")


layer(
    LayerKind(
        name="softplus",
        family=Family.ACTIVATION,
        summary="a smooth relu, always positive",
        formula="a = log(1 + exp(z))",
        example="input 4 -> dense 8 tanh -> dense 1 softplus; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(4),
        trailing=Trailing.NO,
        torch="nn.Softplus()",
        keras="Activation('softplus')",
    )
)
