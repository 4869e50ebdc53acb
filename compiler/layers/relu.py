"""relu: negative entries become zero."""

from __future__ import annotations

from ..kinds.arguments import Num, option
from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    bound = c.arg("max")
    if bound is None:
        return c.note(unary("relu", c.x), "a = max(z, 0)")
    kept = unary("clip", c.x, low=0.0, high=bound)
    return c.note(kept, f"a = z, kept within [0, {bound:g}]")


layer(
    LayerKind(
        name="relu",
        family=Family.ACTIVATION,
        summary="rectified linear unit: negative entries become zero",
        formula="a = max(z, 0)",
        example="input 4 -> dense 8 relu -> dense 1; loss mse",
        args=(
            option("max", Num(low=0.0, open_low=True), "upper bound of the value; default: none"),
        ),
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(1),
        aliases=("relu6",),
        implied={"relu6": {"max": 6.0}},
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.ReLU(); nn.Hardtanh(0, max)",
        keras="ReLU(); ReLU(max_value=max)",
        notes="The derivative at 0 is defined as 0, as in PyTorch, and also that at the bound of "
        "`relu(max=6)`, which may be written `relu6`.",
    )
)
