"""hard_sigmoid: a piecewise linear sigmoid."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import scale, unary
from ..ops.source import const
from .registry import layer


def _lower(c: LowerContext) -> Value:
    line = scale(c.x, 1 / 6) + const(c.build, 0.5)
    return c.note(unary("clip", line, low=0.0, high=1.0), "a = z/6 + 1/2, kept within [0, 1]")


layer(
    LayerKind(
        name="hard_sigmoid",
        family=Family.ACTIVATION,
        summary="piecewise linear sigmoid",
        formula="a = z/6 + 1/2, kept within [0, 1]",
        example="input 4 -> dense 8 hard_sigmoid -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(4),
        aliases=("hardsigmoid",),
        trailing=Trailing.NO,
        torch="nn.Hardsigmoid()",
        keras="Activation('hard_sigmoid')",
        notes="The PyTorch and Keras 3 definition; older Keras had the slope 0.2.",
    )
)
