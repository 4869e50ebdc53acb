"""gelu: z weighted by the probability that a normal variable lies below it."""

from __future__ import annotations

from ..ir.dims import Dim
from ..kinds.arguments import Option, option
from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.activation import gelu, gelu_tanh
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    if c.arg("approx") == "tanh":
        return c.note(gelu_tanh(c.x), "a = z/2 (1 + tanh(√(2/π) (z + 0.044715 z³)))")
    return c.note(gelu(c.x), "a = z Φ(z) = z/2 (1 + erf(z/√2))")


def _flops(c: ShapeContext) -> Dim:
    return per_entry(12 if c.arg("approx") == "tanh" else 8)(c)


layer(
    LayerKind(
        name="gelu",
        family=Family.ACTIVATION,
        summary="Gaussian error linear unit: z weighted by the normal distribution function",
        formula="a = z Φ(z)",
        example="input 4 -> dense 8 gelu -> dense 1; loss mse",
        args=(
            option("approx", Option(("none", "tanh")), "tanh for the older approximation", "none"),
        ),
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=_flops,
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.GELU(approximate='none')",
        keras="Activation('gelu')",
        notes="Exact by default; `gelu(approx=tanh)` is the form of the first BERT and GPT-2.",
    )
)
