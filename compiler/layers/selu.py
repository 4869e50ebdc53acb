"""selu: an elu scaled so that activations keep mean 0 and variance 1."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import scale, unary
from .registry import layer

ALPHA = 1.6732632423543772
LAMBDA = 1.0507009873554805


def _lower(c: LowerContext) -> Value:
    bent = unary("elu", c.x, alpha=ALPHA)
    return c.note(scale(bent, LAMBDA), "a = λ elu(z, α)")


layer(
    LayerKind(
        name="selu",
        family=Family.ACTIVATION,
        summary="scaled elu: keeps activations near mean 0 and variance 1",
        formula="y = λ (z where z > 0, else α (exp(z) − 1)), λ = 1.0507…, α = 1.6733…",
        example="input 4 -> dense 8 selu -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(5),
        trailing=Trailing.NO,
        feeding_init="lecun",
        torch="nn.SELU()",
        keras="Activation('selu')",
        notes="Weights before it start with lecun, as its derivation requires (Klambauer et al. 2017).",
    )
)
