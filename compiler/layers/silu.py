"""silu: z times its own sigmoid."""

from __future__ import annotations

from ..ir.op_graph import Value
from ..lower.context import LowerContext
from ..ops.activation import silu
from ..shapes.rules import per_entry, same
from .registry import Family, LayerKind, Trailing, layer


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
        flops=per_entry(5),
        aliases=("swish",),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.SiLU()",
        keras="Activation('silu')",
    )
)
