"""hard_swish: z times its own hard sigmoid."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.activation import hard_swish
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(hard_swish(c.x), "a = z (z/6 + 1/2, kept within [0, 1])")


layer(
    LayerKind(
        name="hard_swish",
        family=Family.ACTIVATION,
        summary="piecewise approximation of silu: z times hard_sigmoid(z)",
        formula="a = z (z/6 + 1/2, kept within [0, 1])",
        example="input 4 -> dense 8 hard_swish -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(5),
        aliases=("hardswish",),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.Hardswish()",
        keras="Activation('hard_swish')",
        notes="The activation of MobileNetV3 (Howard et al. 2019). The derivative at −3 is 0 and "
        "at 3 it is 1, as in PyTorch.",
    )
)
