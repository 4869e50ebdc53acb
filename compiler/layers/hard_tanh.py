"""hard_tanh: tanh drawn with three straight lines."""

from __future__ import annotations

from ..ir.op_graph import Value
from ..lower.context import LowerContext
from ..ops.elementwise import unary
from ..shapes.rules import per_entry, same
from .registry import Family, LayerKind, Trailing, layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("clip", c.x, low=-1.0, high=1.0), "a = z, kept within [−1, 1]")


layer(
    LayerKind(
        name="hard_tanh",
        family=Family.ACTIVATION,
        summary="tanh drawn with three straight lines: entries are kept within [−1, 1]",
        formula="a = z, kept within [−1, 1]",
        example="input 4 -> dense 8 hard_tanh -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        flops=per_entry(2),
        aliases=("hardtanh",),
        trailing=Trailing.NO,
        torch="nn.Hardtanh()",
        keras="Activation('hard_tanh')",
    )
)
