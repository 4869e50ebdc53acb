"""Pooling, with a window over each channel separately, and the locally connected product.

x is (B, C, sizes…) and y (B, C, positions…), with one or two spatial axes. With s the stride and
p the padding in front, entry u of the window at position i covers cell j = i·s + u − p:

    max_pool        y[i] = max x[j] over u             dx[j] = Σ dy[i] where x[j] is the first maximum
    avg_pool        y[i] = Σ x[j] / size of window     dx[j] = Σ dy[i] / size of window
    weighted_pool   y[i] = Σ x[j] w[u]                 dx[j] = Σ dy[i] w[u],  dw[u] = Σ dy[i] x[j]

    local           y[f, i] = Σ x[c, j] W[i, (c, u), f] over c and u

Padding cells are excluded from a maximum, and zero otherwise.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ..ir.dims import Dim, fixed, product
from ..ir.types import TensorType
from .build import Value
from .conv import Pads, window_size
from .registry import (
    ADJOINT,
    FROM_PASS,
    Attrs,
    Gradient,
    OpDef,
    Parts,
    Sample,
    Types,
    op,
    sample,
)

Sizes = tuple[int, ...]


def max_pool(x: Value, *, kernel: Sizes, stride: Sizes, pad: Pads) -> Value:
    """The largest entry in the window at each position."""
    return x.builder.emit("max_pool", x, kernel=kernel, stride=stride, pad=pad)


def avg_pool(x: Value, *, kernel: Sizes, stride: Sizes, pad: Pads) -> Value:
    """The mean of the window at each position, with padding counted as zeros."""
    return x.builder.emit("avg_pool", x, kernel=kernel, stride=stride, pad=pad)


def weighted_pool(x: Value, w: Value, *, stride: Sizes, pad: Pads) -> Value:
    """The weighted sum of the window at each position; w is one kernel for all channels."""
    return x.builder.emit("weighted_pool", x, w, stride=stride, pad=pad)


def global_max(x: Value) -> Value:
    """The largest entry along the last axis; of ties the first gets the gradient."""
    return x.builder.emit("global_max", x)


def local(x: Value, w: Value, *, kernel: Sizes, stride: Sizes, pad: Pads) -> Value:
    """The locally connected product: a sliding window with separate weights at every position."""
    return x.builder.emit("local", x, w, kernel=kernel, stride=stride, pad=pad)


def _positions(sizes: tuple[Dim, ...], kernel: tuple[Dim, ...], attrs: Attrs) -> tuple[Dim, ...]:
    windows = zip(sizes, kernel, attrs["stride"], attrs["pad"], strict=True)
    return tuple(window_size(size, fixed(k), s, p, 1) for size, k, s, p in windows)


def _pool_type(types: Types, attrs: Attrs) -> TensorType:
    batch, channels, *sizes = types[0].shape
    kernel = types[1].shape if len(types) > 1 else attrs["kernel"]
    return TensorType((batch, channels, *_positions(tuple(sizes), kernel, attrs)))


def _with_size(types: Types, attrs: Attrs) -> TensorType:
    return TensorType((*types[0].shape[:2], *attrs["size"]))


def _of_x(types: Types, _: Attrs) -> TensorType:
    return TensorType(types[1].shape)


def _window(c: Gradient, *names: str) -> dict[str, Any]:
    return {name: c.attr(name) for name in names}


def _max_pool(c: Gradient) -> list[Value]:
    window = _window(c, "kernel", "stride", "pad")
    return [c.g.builder.emit("max_pool_dx", c.g, c.x, c.out, **window)]


def _avg_pool(c: Gradient) -> list[Value]:
    window = _window(c, "kernel", "stride", "pad")
    return [c.g.builder.emit("avg_pool_dx", c.g, size=c.x.type.shape[2:], **window)]


def _weighted_pool(c: Gradient) -> list[Value]:
    x, w = c.inputs
    window = _window(c, "stride", "pad")
    emit = c.g.builder.emit
    return [
        emit("weighted_pool_dx", c.g, w, size=x.type.shape[2:], **window),
        emit("weighted_pool_dw", c.g, x, kernel=w.type.shape, **window),
    ]


def _global_max(c: Gradient) -> list[Value]:
    return [c.g.builder.emit("global_max_dx", c.g, c.x)]


def _local_type(types: Types, _: Attrs) -> TensorType:
    *positions, _cells, filters = types[1].shape
    return TensorType((types[0].shape[0], filters, *positions))


def _local(c: Gradient) -> list[Value]:
    x, w = c.inputs
    window = _window(c, "kernel", "stride", "pad")
    emit = c.g.builder.emit
    return [
        emit("local_dx", c.g, w, size=x.type.shape[2:], **window),
        emit("local_dw", c.g, x, **window),
    ]


def _avg_pool_dx(c: Gradient) -> Parts:
    return [avg_pool(c.g, **_window(c, "kernel", "stride", "pad"))]


def _weighted_pool_dx(c: Gradient) -> Parts:
    y, w = c.inputs
    window = _window(c, "stride", "pad")
    dw = y.builder.emit("weighted_pool_dw", y, c.g, kernel=w.type.shape, **window)
    return [weighted_pool(c.g, w, **window), dw]


def _weighted_pool_dw(c: Gradient) -> Parts:
    y, x = c.inputs
    window = _window(c, "stride", "pad")
    dx = y.builder.emit("weighted_pool_dx", y, c.g, size=x.type.shape[2:], **window)
    return [weighted_pool(x, c.g, **window), dx]


def _local_dx(c: Gradient) -> Parts:
    y, w = c.inputs
    window = _window(c, "kernel", "stride", "pad")
    return [local(c.g, w, **window), y.builder.emit("local_dw", y, c.g, **window)]


def _local_dw(c: Gradient) -> Parts:
    y, x = c.inputs
    window = _window(c, "kernel", "stride", "pad")
    dx = y.builder.emit("local_dx", y, c.g, size=x.type.shape[2:], **window)
    return [local(x, c.g, **window), dx]


def _local_dx_type(types: Types, attrs: Attrs) -> TensorType:
    channels = types[1].shape[-2] // prod(attrs["kernel"])
    return TensorType((types[0].shape[0], channels, *attrs["size"]))


def _local_dw_rows_type(types: Types, attrs: Attrs) -> TensorType:
    return TensorType((types[0].shape[0], *_local_dw_type(types, attrs).shape))


def _local_dw_type(types: Types, attrs: Attrs) -> TensorType:
    y, x = types
    cells = x.shape[1] * product(attrs["kernel"])
    return TensorType((*y.shape[2:], cells, y.shape[1]))


_SIGNAL: dict[str, Any] = {"kernel": (3,), "stride": (2,), "pad": ((1, 1),)}
_LONG: dict[str, Any] = {"kernel": (2,), "stride": (3,), "pad": ((0, 0),)}
_IMAGE: dict[str, Any] = {"kernel": (2, 3), "stride": (2, 3), "pad": ((0, 0), (0, 0))}
_OVERLAP: dict[str, Any] = {"kernel": (3, 2), "stride": (1, 2), "pad": ((1, 1), (1, 0))}
_ONE: dict[str, Any] = {"kernel": (1, 1), "stride": (2, 1), "pad": ((0, 0), (0, 0))}
_POOLS = (
    sample((2, 3, 6), **_SIGNAL),
    sample((3, 1, 8), **_LONG),
    sample((2, 2, 5, 7), **_IMAGE),
    sample((1, 2, 4, 5), **_OVERLAP),
    sample((2, 1, 4, 3), **_ONE),
)


_PLACED = (
    ((2, 3, 3), (2, 3, 6), _SIGNAL),
    ((2, 2, 2, 2), (2, 2, 5, 7), _IMAGE),
    ((2, 2, 2, 2), (2, 2, 4, 6), _IMAGE),
    ((1, 2, 4, 3), (1, 2, 4, 5), _OVERLAP),
)
"""The shapes of y and x under a window."""


def _spreads(weighted: bool = False) -> tuple[Sample, ...]:
    """Samples for the adjoints with respect to x: y, any weights, and the size of x."""
    found = []
    for y, x, window in _PLACED:
        attrs: dict[str, Any] = {**window, "size": x[2:]}
        weights = [attrs.pop("kernel")] if weighted else []
        found.append(sample(y, *weights, **attrs))
    return tuple(found)


def _local_spreads() -> tuple[Sample, ...]:
    return (
        sample((2, 2, 3), (3, 9, 2), size=(6,), **_SIGNAL),
        sample((2, 3, 2, 2), (2, 2, 12, 3), size=(5, 7), **_IMAGE),
        sample((1, 2, 4, 3), (4, 3, 12, 2), size=(4, 5), **_OVERLAP),
    )


def _weighted(shape: tuple[int, ...], window: dict[str, Any]) -> Sample:
    attrs = {name: window[name] for name in ("stride", "pad")}
    return sample(shape, window["kernel"], **attrs)


def _locals() -> tuple[Sample, ...]:
    return (
        sample((2, 3, 6), (3, 9, 2), **_SIGNAL),
        sample((3, 1, 8), (3, 2, 1), **_LONG),
        sample((2, 2, 5, 7), (2, 2, 12, 3), **_IMAGE),
        sample((1, 2, 4, 5), (4, 3, 12, 2), **_OVERLAP),
        sample((2, 3, 4, 3), (2, 3, 3, 2), **_ONE),
    )


op(
    OpDef(
        "max_pool",
        _pool_type,
        _max_pool,
        samples=_POOLS,
        formulas=("dx = dy at the first maximum of each window",),
    )
)
op(OpDef("max_pool_dx", _of_x, ADJOINT))
op(
    OpDef(
        "avg_pool",
        _pool_type,
        _avg_pool,
        samples=_POOLS,
        formulas=("dx[j] = Σ dy[i] / size of the window, over i·s + u − p = j",),
    )
)
op(OpDef("avg_pool_dx", _with_size, _avg_pool_dx, samples=_spreads()))
op(
    OpDef(
        "weighted_pool",
        _pool_type,
        _weighted_pool,
        samples=(
            _weighted((2, 3, 6), _SIGNAL),
            _weighted((3, 1, 8), _LONG),
            _weighted((2, 2, 5, 7), _IMAGE),
            _weighted((2, 2, 4, 6), _IMAGE),  # covered without gaps or overlap
            _weighted((1, 2, 4, 5), _OVERLAP),
            _weighted((2, 1, 4, 3), _ONE),
        ),
        formulas=(
            "dx[j] = Σ dy[i] w[u] over i·s + u − p = j",
            "dw[u] = Σ dy[i] x[i·s + u − p]",
        ),
    )
)
op(
    OpDef(
        "weighted_pool_dx",
        _with_size,
        _weighted_pool_dx,
        samples=_spreads(weighted=True),
    )
)
op(
    OpDef(
        "weighted_pool_dw",
        lambda _, attrs: TensorType(attrs["kernel"]),
        _weighted_pool_dw,
        samples=tuple(sample(y, x, **window) for y, x, window in _PLACED),
    )
)
op(
    OpDef(
        "global_max",
        lambda types, _: TensorType(types[0].shape[:-1]),
        _global_max,
        samples=(sample((2, 3, 5)), sample((3, 1, 1))),
        formulas=("dx = dy at the first maximum",),
    )
)
op(OpDef("global_max_dx", _of_x, ADJOINT))
op(
    OpDef(
        "local",
        _local_type,
        _local,
        samples=_locals(),
        formulas=(
            "dx[j] = Σ dz[i] W[i, u] over i·s + u − p = j",
            "dW[i, u] = Σ dz[i] x[i·s + u − p] over the batch",
        ),
    )
)
op(OpDef("local_dx", _local_dx_type, _local_dx, samples=_local_spreads()))
op(
    OpDef(
        "local_dw",
        _local_dw_type,
        _local_dw,
        samples=(
            sample((2, 2, 3), (2, 3, 6), **_SIGNAL),
            sample((2, 3, 2, 2), (2, 2, 5, 7), **_IMAGE),
            sample((1, 2, 4, 3), (1, 2, 4, 5), **_OVERLAP),
        ),
    )
)
op(OpDef("local_dw_rows", _local_dw_rows_type, FROM_PASS))
