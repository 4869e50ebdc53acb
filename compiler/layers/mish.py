"""mish: z times the tanh of its softplus."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.activation import mish
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(mish(c.x), "a = z tanh(softplus(z))")


layer(
    LayerKind(
        name="mish",
        family=Family.ACTIVATION,
        summary="z times the tanh of its softplus",
        formula="a = z tanh(log(1 + exp(z)))",
        example="input 4 -> dense 8 mish -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(9),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.Mish()",
        keras="Activation('mish')",
    )
)
