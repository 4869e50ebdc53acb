"""conv: convolution of a signal or an image with filters."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.arguments import (
    BIAS_ARG,
    BIAS_INIT_ARG,
    IN_ARG,
    INIT_ARG,
    Int,
    SizeOf,
    option,
    positional,
)
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.lower.windows import alone, lengths_behind, with_bias
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import check_in
from ..kinds.shapes.windows import (
    check_axes,
    check_causal,
    check_groups,
    check_ragged_pad,
    check_reach,
    positions,
    require_channels,
    window_of,
)
from ..kinds.stepping.windows import steps_causally
from ..ops.build import Value
from ..ops.conv import conv
from .registry import layer

KERNEL_ARG = positional("kernel", SizeOf(), "size of the kernel: `3x3`, or `3` on every axis")
STRIDE_ARG = option("stride", SizeOf(), "step from one position to the next", (1,))
PAD_ARG = option(
    "pad",
    SizeOf(low=0, words=("valid", "same"), sides=True),
    "zeros at both ends of an axis: a number, `1:0` for one in front and none behind, "
    "`(1:0)x2` for two axes, `valid` for none, or `same` for ⌈n/stride⌉ positions",
    "valid",
)
CAUSAL_PAD_ARG = option(
    "pad",
    SizeOf(low=0, words=("valid", "same", "causal"), sides=True),
    PAD_ARG.doc
    + "; on CxL also `causal`, all zeros in front, so that no position depends on a later one",
    "valid",
)
DILATION_ARG = option(
    "dilation", SizeOf(), "distance between neighbouring entries of the kernel", (1,)
)


def _shape(c: ShapeContext) -> TensorType:
    channels, sizes = require_channels(c)
    check_axes(c, len(sizes), "kernel", "stride", "pad", "dilation")
    check_causal(c, len(sizes))
    window = window_of(c.args, sizes)
    check_ragged_pad(c, window)
    check_reach(c, window)
    result = c.input.with_shape((c.arg("filters"), *positions(window, sizes)))
    check_in(c, channels, result, "channels")
    check_groups(c, channels, c.arg("filters"), result)
    return result


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    channels, sizes = c.input.shape[0], c.input.shape[1:]
    kernel, filters = window_of(c.args, sizes).kernel, c.arg("filters")
    share, cells = channels // c.arg("groups"), product(kernel)
    fans = (share * cells, filters * cells)
    weight = ParamSpec("W", (filters, share, *kernel), "weight", c.arg("init"), *fans)
    bias = ParamSpec("b", (filters,), "bias", c.arg("bias_init"), *fans)
    return (weight, bias) if c.arg("bias") else (weight,)


def _lower(c: LowerContext) -> Value:
    window = window_of(c.args, c.x.type.shape[2:])
    z = conv(
        alone(c, window),
        c.param("W"),
        stride=window.stride,
        pad=window.pad,
        dilation=window.dilation,
        groups=c.arg("groups"),
    )
    return with_bias(c, z, "z[i] = Σ x[i·s + u·d − p] W[u]")


def _flops(c: ShapeContext) -> Dim:
    window = window_of(c.args, c.input.shape[1:])
    cells = c.input.shape[0] // c.arg("groups") * product(window.kernel)
    filters: int = c.arg("filters")
    per_entry: Dim = 2 * cells + int(c.arg("bias"))
    return filters * product(positions(window, c.input.shape[1:])) * per_entry


def _lengths(c: LowerContext) -> Value | None:
    return lengths_behind(c, window_of(c.args, c.x.type.shape[2:]))


layer(
    LayerKind(
        name="conv",
        family=Family.WEIGHTS,
        summary="convolution: filters slide over a signal CxL or an image CxHxW",
        formula="z[f, i] = Σ x[c, i·stride + u·dilation − pad] W[f, c, u] + b[f], over c and u",
        example="input 1x28x28 -> conv 8 3x3 pad=same relu -> conv 16 3x3 stride=2 relu -> flatten "
        "-> dense 10 softmax; loss crossentropy",
        args=(
            positional("filters", Int(low=1), "number of filters, which are the output channels"),
            KERNEL_ARG,
            STRIDE_ARG,
            CAUSAL_PAD_ARG,
            DILATION_ARG,
            option("groups", Int(low=1), "groups of channels, each with separate filters", 1),
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
        aliases=("conv1d", "conv2d", "convolution"),
        torch="nn.Conv1d(C, filters, kernel), nn.Conv2d(C, filters, kernel)",
        keras="Conv1D(filters, kernel, data_format='channels_first'), Conv2D(...)",
        notes="On two axes it reads CxL; put `transpose` before it for positions of features, TxD. "
        "An axis of n cells has ⌊(n + 2·pad − dilation·(kernel − 1) − 1)/stride⌋ + 1 positions, "
        "with `pad=a:b` a + b in place of 2·pad. "
        "`pad=same` is SAME_UPPER at any stride: if the number of zeros is odd, the additional "
        "one is at the end, as in Keras; PyTorch has `same` for stride 1 only. "
        "`pad=causal` puts dilation·(kernel − 1) zeros in front (van den Oord et al. 2016). W has shape "
        "(filters, C/groups, kernel), as in PyTorch. Rows of different lengths are computed "
        "separately, as if each were alone.",
    )
)
