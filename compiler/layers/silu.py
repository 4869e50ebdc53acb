"""silu: z times its own sigmoid."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.activation import silu
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(silu(c.x), "a = z σ(z)")


layer(
    LayerKind(
        name="silu",
        family=Family.ACTIVATION,
        summary="z times its own sigmoid, also known as swish",
        formula="a = z σ(z)",
        example="input 4 -> dense 8 silu -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(5),
        aliases=("swish",),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.SiLU()",
        keras="Activation('silu')",
    )
)
