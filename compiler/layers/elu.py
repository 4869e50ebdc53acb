"""elu: a smooth relu that tends to −a for negative entries."""

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
    below = "exp(z) − 1" if a == 1 else f"{a:g} (exp(z) − 1)"
    return c.note(unary("elu", c.x, alpha=a), f"a = z where z > 0, else {below}")


layer(
    LayerKind(
        name="elu",
        family=Family.ACTIVATION,
        summary="exponential linear unit: tends smoothly to −a for negative entries",
        formula="y = z where z > 0, else a (exp(z) − 1)",
        example="input 4 -> dense 8 elu -> dense 1; loss mse",
        args=(positional("a", Num(), "the limit for negative entries is −a", 1.0),),
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(4),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.ELU(a)",
        keras="ELU(a)",
    )
)
