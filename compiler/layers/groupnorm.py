"""groupnorm: normalises groups of channels of every row to mean 0 and variance 1."""

from __future__ import annotations

from ..ir.dims import product
from ..ir.types import TensorType
from ..kinds.arguments import Int, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.lower.norms import gained
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.divisors import check_divides
from ..kinds.shapes.norms import CHANNELS_ARG, EPS_ARG, channel_params, normalizes_channels
from ..kinds.shapes.rules import per_entry
from ..kinds.stepping.rules import needs_all_positions
from ..ops.build import Value
from ..ops.norm import row_stats, standardized
from ..ops.shape import reshape
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    result = normalizes_channels(c, "mix padding into its groups")
    channels = c.input.shape[0]
    if isinstance(channels, int):
        check_divides(c, "groups", channels, "features" if c.input.rank == 1 else "channels")
    return result


def _lower(c: LowerContext) -> Value:
    batch, channels, *sizes = c.x.type.shape
    groups = c.arg("groups")
    rows = reshape(c.x, (batch, groups, channels // groups * product(sizes)))
    stats = row_stats(rows, c.arg("eps"))
    c.build.describe(stats, hint=f"{c.name}_stats", formula="each group's mean μ and 1/√(σ² + ε)")
    hat = reshape(standardized(rows, stats, (2,)), c.x.type.shape)
    c.build.describe(hat, hint=f"{c.name}_hat", formula="x̂ = (x − μ) / √(σ² + ε)")
    return gained(c, hat, (channels, *(1,) * len(sizes)))


layer(
    LayerKind(
        name="groupnorm",
        family=Family.NORM,
        summary="normalises groups of channels of every row to mean 0 and variance 1, then scales and "
        "shifts every channel by learned numbers",
        formula="y = γ · (x − μ) / √(σ² + ε) + β, μ and σ² over each group",
        example="input 6x8x8 -> groupnorm 3 -> flatten -> dense 3; loss mse",
        args=(
            positional("groups", Int(low=1), "number of groups; it divides the channels"),
            EPS_ARG,
            CHANNELS_ARG,
        ),
        shape=_shape,
        params=channel_params,
        lower=_lower,
        step=needs_all_positions(
            "takes its statistics from all positions",
            "normalise every position by itself: `layernorm`",
        ),
        flops=per_entry(7),
        aliases=("group_norm",),
        torch="nn.GroupNorm(groups, C)",
        keras="GroupNormalization(groups, axis=1, epsilon=1e-5)",
        notes="Groups consist of adjacent channels. With one group for all channels, the whole "
        "row is normalised together; with one for each channel this is instance normalisation. "
        "The channels are the first axis; in D every feature is a channel.",
    )
)
