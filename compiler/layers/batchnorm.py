"""batchnorm: normalises every feature or channel to mean 0 and variance 1 over the batch."""

from __future__ import annotations

from ..ir.types import TensorType
from ..kinds.arguments import Num, option
from ..kinds.layer import Family, LayerKind, StateSpec
from ..kinds.lower.context import LowerContext
from ..kinds.lower.norms import gained
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.norms import CHANNELS_ARG, EPS_ARG, channel_params, normalizes_channels
from ..kinds.shapes.rules import per_entry
from ..kinds.stepping.rules import each_channel
from ..ops.build import Value
from ..ops.norm import batch_stats, rescaled, running_stats, standardized
from ..ops.shape import reshape
from ..ops.source import training
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    return normalizes_channels(c, "take its statistics from padding too")


def _states(c: ShapeContext) -> tuple[StateSpec, ...]:
    channels = c.input.shape[:1]
    return (StateSpec("running_mean", channels, 0.0), StateSpec("running_var", channels, 1.0))


def _lower(c: LowerContext) -> Value:
    beside = (c.x.type.shape[1], *(1,) * (c.x.type.rank - 2))
    axes = (0, *range(2, c.x.type.rank))
    state = (
        reshape(c.state("running_mean"), beside),
        reshape(c.state("running_var"), beside),
    )
    hat = _by_running(c, state) if c.frozen else _by_batch(c, state, axes)
    c.build.describe(hat, hint=f"{c.name}_hat", formula="x̂ = (x − μ) / √(σ² + ε)")
    return gained(c, hat, beside)


def _by_batch(c: LowerContext, state: tuple[Value, Value], axes: tuple[int, ...]) -> Value:
    """Normalise by the batch's statistics in training, and move the running ones towards them."""
    train = training(c.build)
    args = {"eps": c.arg("eps"), "momentum": c.arg("momentum"), "name": c.name}
    stats = batch_stats(c.x, state, train, axes, **args)
    c.build.describe(stats, hint=f"{c.name}_stats", formula="the mean μ and 1/√(σ² + ε)")
    return standardized(c.x, stats, axes, train)


def _by_running(c: LowerContext, state: tuple[Value, Value]) -> Value:
    """Normalise by the running statistics, unchanged, also in training."""
    stats = running_stats(state, c.arg("eps"))
    c.build.describe(stats, hint=f"{c.name}_stats", formula="the running μ and 1/√(σ² + ε)")
    return rescaled(c.x, stats)


layer(
    LayerKind(
        name="batchnorm",
        family=Family.NORM,
        summary="normalises every feature or channel to mean 0 and variance 1 over the batch, then "
        "scales and shifts it by learned numbers",
        formula="y = γ · (x − μ) / √(σ² + ε) + β",
        example="input 784 -> dense 64 bias=false -> batchnorm relu -> dense 10 softmax\n"
        "loss crossentropy",
        args=(
            option(
                "momentum",
                Num(low=0.0, high=1.0),
                "the fraction by which the running statistics move towards the batch's in each step",
                0.1,
            ),
            EPS_ARG,
            CHANNELS_ARG,
        ),
        shape=_shape,
        params=channel_params,
        states=_states,
        lower=_lower,
        step=each_channel,
        flops=per_entry(4),
        aliases=("batch_norm", "batchnorm1d", "batchnorm2d"),
        torch="nn.BatchNorm1d(D), nn.BatchNorm2d(C)",
        keras="BatchNormalization(momentum=0.9, epsilon=1e-5)",
        notes="D is normalised feature by feature, CxL and CxHxW channel by channel. In training "
        "μ and σ² (over n values) are those of the batch, and `running_mean` and `running_var` move "
        "towards them by the fraction `momentum` (in Keras, `momentum` is 1 minus this), with the "
        "variance computed with n − 1. Prediction uses the running statistics. The layer before it "
        "needs no bias, because β replaces it. A single value per channel has no variance, so with "
        "inputs of shape D a batch of one row is refused in training. With `frozen=true`, training "
        "also uses the running statistics and does not change them.",
    )
)
