"""depthwise: convolution of each channel with its own filters."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.arguments import BIAS_ARG, BIAS_INIT_ARG, IN_ARG, INIT_ARG, Int, option
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.lower.windows import alone, lengths_behind, with_bias
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import check_in
from ..kinds.shapes.windows import (
    check_axes,
    check_causal,
    check_ragged_pad,
    check_reach,
    positions,
    require_channels,
    window_of,
)
from ..kinds.stepping.windows import steps_causally
from ..ops.build import Value
from ..ops.conv import conv
from .conv import CAUSAL_PAD_ARG, DILATION_ARG, KERNEL_ARG, STRIDE_ARG
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    channels, sizes = require_channels(c)
    check_axes(c, len(sizes), "kernel", "stride", "pad", "dilation")
    check_causal(c, len(sizes))
    window = window_of(c.args, sizes)
    check_ragged_pad(c, window)
    check_reach(c, window)
    result = c.input.with_shape((channels * c.arg("mult"), *positions(window, sizes)))
    check_in(c, channels, result, "channels")
    return result


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    kernel = window_of(c.args, c.input.shape[1:]).kernel
    filters, cells = c.input.shape[0] * c.arg("mult"), product(kernel)
    fans = (cells, filters * cells)
    weight = ParamSpec("W", (filters, 1, *kernel), "weight", c.arg("init"), *fans)
    bias = ParamSpec("b", (filters,), "bias", c.arg("bias_init"), *fans)
    return (weight, bias) if c.arg("bias") else (weight,)


def _lower(c: LowerContext) -> Value:
    channels = c.x.type.shape[1]
    window = window_of(c.args, c.x.type.shape[2:])
    z = conv(
        alone(c, window),
        c.param("W"),
        stride=window.stride,
        pad=window.pad,
        dilation=window.dilation,
        groups=channels,
    )
    return with_bias(c, z, "z[c, i] = Σ x[c, i·s + u·d − p] W[c, u]")


def _flops(c: ShapeContext) -> Dim:
    window = window_of(c.args, c.input.shape[1:])
    filters: Dim = c.input.shape[0] * c.arg("mult")
    per_entry: Dim = 2 * product(window.kernel) + int(c.arg("bias"))
    return filters * product(positions(window, c.input.shape[1:])) * per_entry


def _lengths(c: LowerContext) -> Value | None:
    return lengths_behind(c, window_of(c.args, c.x.type.shape[2:]))


layer(
    LayerKind(
        name="depthwise",
        family=Family.WEIGHTS,
        summary="depthwise convolution: `mult` separate filters for every channel",
        formula="z[c·mult + m, i] = Σ x[c, i·stride + u·dilation − pad] W[c·mult + m, 0, u] + b, over u",
        example="input 3x32x32 -> depthwise 3x3 pad=same -> conv 16 1x1 relu -> flatten "
        "-> dense 10 softmax; loss crossentropy",
        args=(
            KERNEL_ARG,
            option("mult", Int(low=1), "number of filters for each channel", 1),
            STRIDE_ARG,
            CAUSAL_PAD_ARG,
            DILATION_ARG,
            IN_ARG,
            BIAS_ARG,
            INIT_ARG,
            BIAS_INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        lower=_lower,
        step=steps_causally,
        flops=_flops,
        lengths=_lengths,
        aliases=("depthwise_conv", "depthwise_conv2d"),
        torch="nn.Conv2d(C, mult * C, kernel, groups=C)",
        keras="DepthwiseConv2D(kernel, depth_multiplier=mult, data_format='channels_first')",
        notes="The same as `conv` with as many groups as channels. Followed by a `conv` of 1x1, "
        "it is a separable convolution. W has shape (C·mult, 1, kernel); its fan-in is the size "
        "of the kernel, as in PyTorch.",
    )
)
