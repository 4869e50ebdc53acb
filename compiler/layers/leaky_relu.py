"""leaky_relu: negative entries are scaled down."""

from __future__ import annotations

from ..kinds.arguments import Num, positional
from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    a = c.arg("a")
    return c.note(unary("leaky_relu", c.x, slope=a), f"a = z where z > 0, else {a:g} z")


layer(
    LayerKind(
        name="leaky_relu",
        family=Family.ACTIVATION,
        summary="relu with a small slope for negative entries",
        formula="y = z where z > 0, else a z",
        example="input 4 -> dense 8 leaky_relu(0.2) -> dense 1; loss mse",
        args=(positional("a", Num(), "slope for negative entries", 0.01),),
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(1),
        aliases=("lrelu", "leakyrelu"),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.LeakyReLU(a)",
        keras="LeakyReLU(a)",
    )
)
