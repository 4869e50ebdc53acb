"""Convolution, pooling, and locally connected products."""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from ...ir.op_graph import Node
from ...ops.conv import SAME
from ..emitter import Array, Emitter
from ..registry import CannotExport, rule


def _pads(n: Node) -> dict[str, Any]:
    """Return the padding attributes: zeros before each axis, then after each.

    In the op graph, padding is `same` only where it depends on a symbolic size."""
    pad: Any = n.attr("pad")
    if pad == SAME:
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": [p[0] for p in pad] + [p[1] for p in pad]}


def _kernel(e: Emitter, id: int) -> tuple[int, ...]:
    """Return the window's sizes, from the shape of weights (F, C, window…)."""
    return tuple(e.number(dim) for dim in e.graph[id].type.shape[2:])


@rule("conv")
def _conv(e: Emitter, n: Node) -> str:
    return e.add(
        "Conv",
        *e.operands(n),
        kernel_shape=list(_kernel(e, n.inputs[1])),
        strides=list(n.wholes("stride")),
        dilations=list(n.wholes("dilation")),
        group=n.whole("groups"),
        **_pads(n),
    )


@rule("conv_transpose")
def _conv_transpose(e: Emitter, n: Node) -> str:
    """Output sizes that the stride leaves ambiguous are fixed by padding at the end."""
    kernel, stride, dilation = _kernel(e, n.inputs[1]), n.wholes("stride"), n.wholes("dilation")
    size, given = n.type.shape[2:], e.graph[n.inputs[0]].type.shape[2:]
    pads = _pads(n)
    if "pads" not in pads:
        raise CannotExport(f"{e.layer()}: padding `same` of an open length has no ONNX counterpart")
    ends = pads["pads"]
    more = []
    for i, (out, dim) in enumerate(zip(size, given, strict=True)):
        whole = (dim - 1) * stride[i] + (kernel[i] - 1) * dilation[i] + 1
        more.append(out - whole + ends[i] + ends[len(size) + i])
    return e.add(
        "ConvTranspose",
        *e.operands(n),
        kernel_shape=list(kernel),
        strides=list(stride),
        dilations=list(dilation),
        group=n.whole("groups"),
        output_padding=[e.number(m) for m in more],
        **pads,
    )


@rule("max_pool", "avg_pool")
def _pool(e: Emitter, n: Node) -> str:
    """ONNX's average excludes padding unless an attribute includes it."""
    return e.add(
        "MaxPool" if n.op == "max_pool" else "AveragePool",
        *e.operands(n),
        kernel_shape=list(n.wholes("kernel")),
        strides=list(n.wholes("stride")),
        count_include_pad=1 if n.op == "avg_pool" else None,
        **_pads(n),
    )


@rule("weighted_pool")
def _weighted_pool(e: Emitter, n: Node) -> str:
    """A convolution that treats every channel as a separate image."""
    x, w = e.operands(n)
    batch, channels, *size = e.graph[n.inputs[0]].type.shape
    rows = batch * channels
    kernel = tuple(map(e.number, e.graph[n.inputs[1]].type.shape))
    apart = e.add("Reshape", x, e.sizes.target((rows, 1, *size)))
    pooled = e.add(
        "Conv",
        apart,
        e.add("Reshape", w, e.whole(1, 1, *kernel)),
        kernel_shape=list(kernel),
        strides=list(n.wholes("stride")),
        **_pads(n),
    )
    return e.add("Reshape", pooled, e.sizes.target(tuple(n.type.shape)))


@rule("local")
def _local(e: Emitter, n: Node) -> str:
    """Each window as one row, times the weights of that position."""
    x, w = e.operands(n)
    kernel = n.wholes("kernel")
    sizes, weights = e.graph[n.inputs[0]].type.shape[1:], e.graph[n.inputs[1]].type.shape
    channels, width = e.number(sizes[0]), e.number(weights[-2])
    windows = e.add(
        "Conv",
        x,
        e.constant(_units(channels, kernel, e.real)),
        kernel_shape=list(kernel),
        strides=list(n.wholes("stride")),
        **_pads(n),
    )
    places = prod(e.number(dim) for dim in weights[:-2])
    rows = e.add("Reshape", windows, e.whole(-1, width, places))
    apart = e.add("Transpose", rows, perm=[2, 0, 1])
    each = e.add(
        "MatMul", apart, e.add("Reshape", w, e.whole(places, width, e.number(weights[-1])))
    )
    together = e.add("Transpose", each, perm=[1, 2, 0])
    return e.add("Reshape", together, e.sizes.target(tuple(n.type.shape)))


def _units(channels: int, kernel: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return the weights of a convolution that copies each cell of a window to its own channel."""
    units = np.zeros((channels * prod(kernel), channels, *kernel), dtype)
    cells = product(range(channels), *(range(k) for k in kernel))
    for i, (channel, *cell) in enumerate(cells):
        units[(i, channel, *cell)] = 1
    return units
