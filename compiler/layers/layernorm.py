"""layernorm: normalises the features of every row or position to mean 0 and variance 1."""

from __future__ import annotations

from ..kinds.arguments import IN_ARG
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.lower.norms import gained
from ..kinds.shapes.norms import EPS_ARG, feature_params, normalizes_features
from ..kinds.shapes.rules import per_entry
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.norm import row_stats, standardized
from .registry import layer


def _lower(c: LowerContext) -> Value:
    stats = row_stats(c.x, c.arg("eps"))
    c.build.describe(stats, hint=f"{c.name}_stats", formula="the mean μ and 1/√(σ² + ε)")
    hat = standardized(c.x, stats, (c.x.type.rank - 1,))
    c.build.describe(hat, hint=f"{c.name}_hat", formula="x̂ = (x − μ) / √(σ² + ε)")
    return gained(c, hat, c.x.type.shape[-1:])


layer(
    LayerKind(
        name="layernorm",
        family=Family.NORM,
        summary="normalises the features of every row, or of every position of TxD, to mean 0 and "
        "variance 1, then scales and shifts them by learned numbers",
        formula="y = γ · (x − μ) / √(σ² + ε) + β, μ and σ² over the last axis",
        example="input Tx64 -> layernorm -> dense 3; loss mse",
        args=(EPS_ARG, IN_ARG),
        shape=normalizes_features,
        params=feature_params,
        lower=_lower,
        step=each_row_of_features,
        flops=per_entry(7),
        aliases=("layer_norm",),
        torch="nn.LayerNorm(D)",
        keras="LayerNormalization(epsilon=1e-5)",
        notes="Rows do not depend on each other, so training and prediction compute the same. "
        "σ² is the mean of (x − μ)².",
    )
)
