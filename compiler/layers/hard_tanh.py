"""hard_tanh: a piecewise linear tanh."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("clip", c.x, low=-1.0, high=1.0), "a = z, kept within [−1, 1]")


layer(
    LayerKind(
        name="hard_tanh",
        family=Family.ACTIVATION,
        summary="piecewise linear tanh: entries are clamped to [−1, 1]",
        formula="a = z, kept within [−1, 1]",
        example="input 4 -> dense 8 hard_tanh -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(2),
        aliases=("hardtanh",),
        trailing=Trailing.NO,
        torch="nn.Hardtanh()",
        keras="Activation('hard_tanh')",
    )
)
