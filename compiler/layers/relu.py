"""relu: negative entries become zero."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("relu", c.x), "a = max(z, 0)")


layer(
    LayerKind(
        name="relu",
        family=Family.ACTIVATION,
        summary="rectified linear unit: negative entries become zero",
        formula="a = max(z, 0)",
        example="input 4 -> dense 8 relu -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        flops=per_entry(1),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.ReLU()",
        keras="ReLU()",
        notes="The derivative at 0 is taken to be 0, as in PyTorch.",
    )
)
