"""conv_transpose: every entry adds a scaled kernel to the output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..diagnostics.codes import names as codes
from ..ir.dims import Dim, product, shape_text
from ..ir.layer_graph import ArgValue
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
from ..kinds.lower.windows import with_bias
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import check_in
from ..kinds.shapes.windows import (
    Sizes,
    check_axes,
    check_groups,
    per_axis,
    require_channels,
    written,
)
from ..kinds.stepping.rules import CAUSAL_CONV, needs_all_positions
from ..ops.build import Value
from ..ops.conv import Pads, conv_transpose, same_pad, stretched_lengths
from .conv import KERNEL_ARG, STRIDE_ARG
from .registry import layer


@dataclass(frozen=True, slots=True)
class Stamp:
    """A kernel, its stride in the output, and the cropping of the ends, for each spatial axis.

    n positions make (n - 1)·stride + tail cells.
    """

    kernel: Sizes
    stride: Sizes
    cut: Pads
    tail: Sizes

    def size(self, sizes: tuple[Dim, ...]) -> tuple[Dim, ...]:
        """Return the size of the output."""
        axes = zip(sizes, self.stride, self.tail, strict=True)
        return tuple((n - 1) * s + t for n, s, t in axes)


def stamp_of(args: Mapping[str, ArgValue], axes: int) -> Stamp:
    """Return the stamp given by `kernel stride= pad= output_pad=`."""
    kernel, stride = per_axis(args, "kernel", axes), per_axis(args, "stride", axes)
    if args["pad"] == "same":
        cut = tuple(same_pad(s, k, s) for k, s in zip(kernel, stride, strict=True))
        return Stamp(kernel, stride, cut, stride)
    pad = (0,) * axes if args["pad"] == "valid" else per_axis(args, "pad", axes)
    more = per_axis(args, "output_pad", axes)
    tail = tuple(k - 2 * p + m for k, p, m in zip(kernel, pad, more, strict=True))
    return Stamp(kernel, stride, tuple((p, p) for p in pad), tail)


def _shape(c: ShapeContext) -> TensorType:
    channels, sizes = require_channels(c)
    check_axes(c, len(sizes), "kernel", "stride", "pad", "output_pad")
    _check_output_pad(c, len(sizes))
    stamp = stamp_of(c.args, len(sizes))
    result = c.input.with_shape((c.arg("filters"), *stamp.size(sizes)))
    _check_cut(c, stamp, result)
    check_in(c, channels, result, "channels")
    check_groups(c, channels, c.arg("filters"), result)
    return result


def _check_output_pad(c: ShapeContext, axes: int) -> None:
    """Refuse an `output_pad` that adds cells which no kernel reaches."""
    more, stride = per_axis(c.args, "output_pad", axes), per_axis(c.args, "stride", axes)
    if c.arg("pad") == "same" and any(more):
        raise ShapeFault(
            codes.OUT_OF_BOUNDS,
            "`pad=same` settles the size that comes out, n·stride; `output_pad` has no say in it",
            at="output_pad",
            here="more than n·stride",
            help="leave out `output_pad`, or give `pad` as a number",
        )
    if all(m < s for m, s in zip(more, stride, strict=True)):
        return
    fitting = written(tuple(min(m, s - 1) for m, s in zip(more, stride, strict=True)))
    raise ShapeFault(
        codes.OUT_OF_BOUNDS,
        f"`output_pad` must be less than the stride, {written(stride)}",
        at="output_pad",
        here="no kernel reaches so far",
        help=f"write `output_pad={fitting}`, or a larger `stride=`",
        replace=fitting,
    )


def _check_cut(c: ShapeContext, stamp: Stamp, result: TensorType) -> None:
    """Refuse padding that crops the whole output."""
    if all(n > 0 for n in result.shape[1:] if isinstance(n, int)):
        return
    uncut = [(n + a + b) for n, (a, b) in zip(result.shape[1:], stamp.cut, strict=True)]
    most = tuple(
        min(a, (n - 1) // 2) if isinstance(n, int) else a
        for n, (a, _) in zip(uncut, stamp.cut, strict=True)
    )
    raise ShapeFault(
        codes.OUT_OF_BOUNDS,
        f"`pad` cuts both ends of {shape_text(tuple(uncut))}, and nothing is left",
        at="pad",
        here=f"leaves {shape_text(result.shape[1:])}",
        help=f"cut no more than `pad={written(most)}`",
        replace=written(most),
    )


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    channels, axes = c.input.shape[0], c.input.rank - 1
    kernel, filters = per_axis(c.args, "kernel", axes), c.arg("filters")
    share, cells = filters // c.arg("groups"), product(kernel)
    fans = (share * cells, channels * cells)
    weight = ParamSpec("W", (channels, share, *kernel), "weight", c.arg("init"), *fans)
    bias = ParamSpec("b", (filters,), "bias", c.arg("bias_init"), *fans)
    return (weight, bias) if c.arg("bias") else (weight,)


def _alone(c: LowerContext, stamp: Stamp) -> Value:
    """Return the input, with padding set to zero if its kernels would overlap the row."""
    if c.lengths is None or stamp.kernel[c.result.ragged_axis - 1] == 1:
        return c.x
    return c.masked(c.x, c.result.ragged_axis + 1)


def _lower(c: LowerContext) -> Value:
    sizes = c.x.type.shape[2:]
    stamp = stamp_of(c.args, len(sizes))
    z = conv_transpose(
        _alone(c, stamp),
        c.param("W"),
        stamp.size(sizes),
        stride=stamp.stride,
        pad=stamp.cut,
        dilation=(1,) * len(sizes),
        groups=c.arg("groups"),
    )
    return with_bias(c, z, "z[i·s + u − p] += x[i] W[u]")


def _flops(c: ShapeContext) -> Dim:
    sizes, filters = c.input.shape[1:], int(c.arg("filters"))
    stamp = stamp_of(c.args, len(sizes))
    per_entry = 2 * (filters // int(c.arg("groups"))) * product(stamp.kernel)
    biases = filters * product(stamp.size(sizes)) * int(c.arg("bias"))
    return product(c.input.shape) * per_entry + biases


def _lengths(c: LowerContext) -> Value | None:
    if c.lengths is None:
        return None
    axis = c.result.ragged_axis - 1
    stamp = stamp_of(c.args, c.result.rank - 1)
    kernel = stamp.kernel[axis]
    pad = kernel - stamp.tail[axis]
    return stretched_lengths(c.lengths, kernel=kernel, stride=stamp.stride[axis], pad=pad)


layer(
    LayerKind(
        name="conv_transpose",
        family=Family.WEIGHTS,
        summary="transposed convolution: enlarges a signal or an image by the stride",
        formula="z[f, j] = Σ x[c, i] W[c, f, u] + b[f], over c and all i·stride + u − pad = j",
        example="input 8x7x7 -> conv_transpose 4 4x4 stride=2 pad=1 relu -> conv_transpose 1 4x4 "
        "stride=2 pad=1 sigmoid; loss bce",
        args=(
            positional("filters", Int(low=1), "number of output channels"),
            KERNEL_ARG,
            STRIDE_ARG,
            option(
                "pad",
                SizeOf(low=0, words=("valid", "same")),
                "cells cut off at both ends of an axis: a number, `valid` for none, or `same` for "
                "n·stride cells",
                "valid",
            ),
            option("output_pad", SizeOf(low=0), "additional cells at the end of an axis", (0,)),
            option("groups", Int(low=1), "groups of channels, each with separate filters", 1),
            IN_ARG,
            BIAS_ARG,
            INIT_ARG,
            BIAS_INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        lower=_lower,
        step=needs_all_positions("makes several positions of each", CAUSAL_CONV),
        flops=_flops,
        lengths=_lengths,
        aliases=("deconv", "convtranspose", "conv_transpose2d", "conv2d_transpose"),
        torch="nn.ConvTranspose1d(C, filters, kernel), nn.ConvTranspose2d(C, filters, kernel)",
        keras="Conv1DTranspose(filters, kernel, data_format='channels_first'), Conv2DTranspose(...)",
        notes="The linear map that is the gradient of `conv` with the same kernel, stride and pad. "
        "An axis of n cells becomes (n − 1)·stride − 2·pad + kernel + output_pad. W has shape "
        "(C, filters/groups, kernel), and its fan-in is filters/groups·kernel, as in PyTorch.",
    )
)
