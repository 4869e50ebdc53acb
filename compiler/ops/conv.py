"""Convolution, its transpose, and the gradient of its weights.

x is (B, C, sizes…), W (F, C/groups, kernel…) and y (B, F, positions…), with one or two spatial
axes. With s the stride, d the dilation and p the padding in front,

    y[f, i]   = Σ x[c, i·s + u·d − p] · W[f, c, u]      over c and u
    dx[c, j]  = Σ dy[f, i] · W[f, c, u]                 over f and i·s + u·d − p = j
    dW[f,c,u] = Σ dy[f, i] · x[c, i·s + u·d − p]        over the batch and i

The second line is also the layer conv_transpose; it is linear in dy, and its gradient is again a
convolution (Dumoulin and Visin, A guide to convolution arithmetic, 2016).

The ops named `_flat` and `_winograd` compute the same at stride 1 by other algorithms.
passes/choose_convolutions.py inserts them where they are faster, after differentiation, and gives
each a workspace array as an additional operand, the op `room`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..ir.dims import Dim, Shape, fixed
from ..ir.types import DType, TensorType
from .build import Value
from .registry import (
    FROM_PASS,
    ZERO,
    Attrs,
    Gradient,
    OpDef,
    Parts,
    Sample,
    Types,
    op,
    sample,
)

SAME = "same"
"""Padding that gives ⌈n/s⌉ positions for size n and stride s, computed at run time."""

Pads = tuple[tuple[int, int], ...]
"""Numbers of zeros before and after every spatial axis."""


def conv(x: Value, w: Value, **window: Any) -> Value:
    """Convolution of x with w; `window` holds stride, pad, dilation and groups."""
    return x.builder.emit("conv", x, w, **window)


def conv_transpose(x: Value, w: Value, size: Shape, **window: Any) -> Value:
    """The transpose of `conv` with the same `window`, whose input has the spatial size `size`."""
    return x.builder.emit("conv_transpose", x, w, size=size, **window)


def stretched_lengths(lengths: Value, *, kernel: int, stride: int, pad: int) -> Value:
    """Lengths after a transposed convolution: (n − 1)·stride + kernel − pad."""
    return lengths.builder.emit("stretched_lengths", lengths, kernel=kernel, stride=stride, pad=pad)


def same_pad(size: int, reach: int, stride: int) -> tuple[int, int]:
    """Zeros before and after an axis for ⌈size/stride⌉ positions; an odd zero goes after it.

    `reach` is the number of cells that the dilated kernel spans. The run-time equivalent is
    `same_pads` in templates/numpy/helpers_conv.jinja.
    """
    both = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return both // 2, both - both // 2


def window_size(
    size: Dim, kernel: int, stride: int, pad: tuple[int, int] | str, dilation: int
) -> Dim:
    """The number of positions of a kernel along an axis."""
    if isinstance(pad, str):
        return (size + (stride - 1)) // stride
    return (size + sum(pad) - (kernel - 1) * dilation - 1) // stride + 1


def _conv_type(types: Types, attrs: Attrs) -> TensorType:
    x, w = types[:2]
    positions = []
    for i, (size, kernel) in enumerate(zip(x.shape[2:], w.shape[2:], strict=True)):
        pad, stride = attrs["pad"] if attrs["pad"] == SAME else attrs["pad"][i], attrs["stride"][i]
        positions.append(window_size(size, fixed(kernel), stride, pad, attrs["dilation"][i]))
    return TensorType((x.shape[0], w.shape[0], *positions))


def _transpose_type(types: Types, attrs: Attrs) -> TensorType:
    x, w = types[:2]
    return TensorType((x.shape[0], w.shape[1] * attrs["groups"], *attrs["size"]))


def _weights_type(types: Types, attrs: Attrs) -> TensorType:
    x, y = types[:2]
    return TensorType((y.shape[1], x.shape[1] // attrs["groups"], *attrs["kernel"]))


def _flat_type(types: Types, attrs: Attrs) -> TensorType:
    return _conv_type(types, {**attrs, "stride": (1,) * len(attrs["dilation"])})


def _winograd_type(types: Types, attrs: Attrs) -> TensorType:
    return _flat_type(types, {**attrs, "dilation": (1, 1)})


def _winograd_weights_type(types: Types, _: Attrs) -> TensorType:
    x, y = types[:2]
    return TensorType((y.shape[1], x.shape[1], 3, 3))


def _turned_type(types: Types, attrs: Attrs) -> TensorType:
    filters, channels, *kernel = types[0].shape
    groups = attrs["groups"]
    return TensorType((channels * groups, filters // groups, *kernel))


def _window(attrs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: attrs[name] for name in ("dilation", "groups", "pad", "stride")}


def _conv(c: Gradient) -> list[Value]:
    x, w = c.inputs
    window = _window(dict(c.node.attrs))
    weights = _weights(x, c.g, w, window)
    return [conv_transpose(c.g, w, x.type.shape[2:], **window), weights]


def _conv_transpose(c: Gradient) -> list[Value]:
    x, w = c.inputs
    window = _window(dict(c.node.attrs))
    weights = _weights(c.g, x, w, window)
    return [conv(c.g, w, **window), weights]


def _conv_weights(c: Gradient) -> Parts:
    """Bilinear, so that the gradients are convolutions with g as the kernel."""
    image, positions = c.inputs
    window = _window(dict(c.node.attrs))
    size = image.type.shape[2:]
    return [conv_transpose(positions, c.g, size, **window), conv(image, c.g, **window)]


def _weights(image: Value, positions: Value, w: Value, window: Mapping[str, Any]) -> Value:
    kernel = w.type.shape[2:]
    return image.builder.emit("conv_weights", image, positions, kernel=kernel, **window)


def _axis(pad: tuple[int, int] | str, **more: int) -> dict[str, Any]:
    """A window along a single axis."""
    given = {"stride": 1, "dilation": 1, **more}
    return {
        "pad": pad if isinstance(pad, str) else (pad,),
        "stride": (given["stride"],),
        "dilation": (given["dilation"],),
        "groups": more.get("groups", 1),
    }


def _plane(pad: Pads | str, **more: Any) -> dict[str, Any]:
    """A window over two axes."""
    return {"pad": pad, "stride": (1, 1), "dilation": (1, 1), "groups": 1, **more}


def _samples() -> tuple[Sample, ...]:
    return (
        sample((2, 3, 7), (4, 3, 3), **_axis((0, 0))),
        sample((3, 4, 8), (6, 2, 2), **_axis((1, 2), stride=3, groups=2)),
        sample((1, 2, 9), (2, 2, 3), **_axis("same", stride=2, dilation=2)),
        sample((2, 3, 1), (2, 3, 1), **_axis((0, 0))),
        sample((2, 2, 5, 6), (3, 2, 3, 2), **_plane(((1, 1), (0, 1)))),
        sample((2, 4, 6, 5), (4, 1, 2, 3), **_plane(((0, 0), (1, 1)), stride=(3, 2), groups=4)),
        sample((1, 2, 7, 4), (2, 2, 2, 4), **_plane(((1, 0), (0, 0)), dilation=(3, 1))),
        sample((2, 3, 4, 5), (2, 3, 2, 3), **_plane("same", stride=(2, 3))),
        sample((2, 4, 3, 3), (6, 2, 1, 1), **_plane(((0, 0), (0, 0)), groups=2)),
    )


def _transposed_samples() -> tuple[Sample, ...]:
    return (
        sample((2, 3, 4), (3, 2, 3), size=(6,), **_axis((0, 0))),
        sample((3, 4, 3), (4, 2, 2), size=(6,), **_axis((1, 2), stride=3, groups=2)),
        sample((1, 2, 3), (2, 2, 3), size=(6,), **_axis("same", stride=2)),
        sample((2, 2, 3, 2), (2, 3, 2, 3), size=(7, 5), **_plane(((0, 0), (1, 0)), stride=(2, 3))),
        sample(
            (2, 4, 2, 1),
            (4, 1, 2, 4),
            size=(5, 4),
            **_plane(((0, 0),) * 2, dilation=(3, 1), groups=2),
        ),
        sample((2, 4, 3, 2), (4, 3, 1, 1), size=(3, 2), **_plane(((0, 0),) * 2, groups=2)),
    )


def _weights_samples() -> tuple[Sample, ...]:
    return (
        sample((2, 3, 7), (2, 4, 5), kernel=(3,), **_axis((0, 0))),
        sample((3, 4, 8), (3, 6, 4), kernel=(2,), **_axis((1, 2), stride=3, groups=2)),
        sample((1, 2, 9), (1, 2, 5), kernel=(3,), **_axis("same", stride=2, dilation=2)),
        sample((2, 2, 5, 6), (2, 3, 5, 6), kernel=(3, 2), **_plane(((1, 1), (0, 1)))),
    )


op(
    OpDef(
        "conv",
        _conv_type,
        _conv,
        samples=_samples(),
        formulas=(
            "dx[j] = Σ dz[i] W[u] over i·s + u·d − p = j",
            "dW[u] = Σ dz[i] x[i·s + u·d − p]",
        ),
    )
)
op(
    OpDef(
        "conv_transpose",
        _transpose_type,
        _conv_transpose,
        samples=_transposed_samples(),
        formulas=("dx[i] = Σ dz[i·s + u − p] W[u]", "dW[u] = Σ x[i] dz[i·s + u − p]"),
    )
)
op(
    OpDef(
        "conv_weights",
        _weights_type,
        _conv_weights,
        samples=_weights_samples(),
    )
)
op(OpDef("conv_flat", _flat_type, FROM_PASS))
op(OpDef("conv_weights_flat", _weights_type, FROM_PASS))
op(OpDef("conv_winograd", _winograd_type, FROM_PASS))
op(OpDef("conv_weights_winograd", _winograd_weights_type, FROM_PASS))
op(OpDef("room", lambda _, attrs: TensorType((attrs["size"],)), ZERO))
op(
    OpDef(
        "turned_kernel",
        _turned_type,
        lambda c: [c.g.builder.emit("turned_kernel", c.g, groups=c.attr("groups"))],
        samples=(sample((4, 3, 3), groups=1), sample((6, 2, 2, 3), groups=2)),
    )
)
op(
    OpDef(
        "stretched_lengths",
        lambda types, _: TensorType(types[0].shape, DType.INT),
        ZERO,
    )
)
