"""rmsnorm: divides the features of every row or position by their root mean square."""

from __future__ import annotations

from ..ir.layer_graph import Call
from ..kinds.arguments import IN_ARG
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.norms import EPS_ARG, normalizes_features
from ..kinds.shapes.rules import per_entry
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.norm import rms_normalized
from .registry import layer


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    ones = Call("ones", {}, c.layer.head)
    return (ParamSpec("gamma", c.input.shape[-1:], "gain", ones),)


def _lower(c: LowerContext) -> Value:
    hat = rms_normalized(c.x, c.arg("eps"))
    c.build.describe(hat, hint=f"{c.name}_hat", formula="x̂ = x / √(mean x² + ε)")
    return c.note(hat * c.param("gamma"), "y = γ · x̂")


layer(
    LayerKind(
        name="rmsnorm",
        family=Family.NORM,
        summary="divides the features of every row or position by the root of their mean square, "
        "then scales them by learned numbers",
        formula="y = γ · x / √(mean x² + ε), the mean over the last axis",
        example="input Tx64 -> rmsnorm -> dense 3; loss mse",
        args=(EPS_ARG, IN_ARG),
        shape=normalizes_features,
        params=_params,
        lower=_lower,
        step=each_row_of_features,
        flops=per_entry(5),
        aliases=("rms_norm",),
        torch="nn.RMSNorm(D, eps=1e-5)",
        keras="RMSNormalization(epsilon=1e-5)",
        notes="layernorm without the mean and the shift (Zhang and Sennrich 2019).",
    )
)
