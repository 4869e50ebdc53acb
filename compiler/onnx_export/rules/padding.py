"""Padded rows: masks from lengths, last steps, masked softmax, position encodings."""

from __future__ import annotations

import numpy as np
from onnx import TensorProto

from ...ir.dims import Dim
from ...ir.op_graph import Node
from ..emitter import Emitter
from ..registry import rule


def has_data(e: Emitter, lengths: str, rank: int, axis: int, size: Dim) -> str:
    """Return the mask of data in an array of that rank: index along an axis < the row's length."""
    steps = e.add("Unsqueeze", _counted(e, size), e.whole(*(a for a in range(rank) if a != axis)))
    apart = e.add("Unsqueeze", lengths, e.whole(*range(1, rank)))
    return e.add("Less", steps, apart)


def _counted(e: Emitter, size: Dim) -> str:
    """0, 1, … below a size."""
    if isinstance(size, int):
        return e.whole(*range(size))
    zero, one = e.constant(0, np.int64), e.constant(1, np.int64)
    return e.add("Range", zero, e.sizes.scalar(size), one)


@rule("mask_steps", "exclude_steps")
def _masked(e: Emitter, n: Node) -> str:
    """x with 0 or −inf in the padding."""
    x, lengths = e.operands(n)
    axis, shape = n.whole("axis"), n.type.shape
    whole = n.type.dtype.value == "int"
    fill = e.constant(0, np.int64) if whole else e.constant(_FILL[n.op])
    return e.add("Where", has_data(e, lengths, len(shape), axis, shape[axis]), x, fill)


_FILL = {"mask_steps": 0.0, "exclude_steps": -np.inf}


@rule("window_lengths")
def _window_lengths(e: Emitter, n: Node) -> str:
    """(lengths + pad − kernel) // stride + 1."""
    (lengths,) = e.operands(n)
    change = n.whole("pad") - n.whole("kernel")
    room = e.add("Add", lengths, e.constant(change, np.int64))
    strides = e.add("Div", room, e.constant(n.whole("stride"), np.int64))
    return e.add("Add", strides, e.constant(1, np.int64))


@rule("stretched_lengths")
def _stretched_lengths(e: Emitter, n: Node) -> str:
    """(lengths − 1) · stride + kernel − pad."""
    (lengths,) = e.operands(n)
    stride = n.whole("stride")
    apart = e.add("Mul", lengths, e.constant(stride, np.int64))
    more = n.whole("kernel") - n.whole("pad") - stride
    return e.add("Add", apart, e.constant(more, np.int64))


@rule("equal_lengths")
def _equal_lengths(e: Emitter, n: Node) -> str:
    """The first of two lengths that must be equal, which ONNX cannot check."""
    return e.add("Identity", e.operands(n)[0])


@rule("last_step")
def _last_step(e: Emitter, n: Node) -> str:
    """The state at each row's own last step."""
    states, lengths = e.operands(n)
    last = e.add("Sub", lengths, e.constant(1, np.int64))
    return e.add("GatherND", states, e.add("Unsqueeze", last, e.whole(1)), batch_dims=1)


@rule("masked_softmax")
def _masked_softmax(e: Emitter, n: Node) -> str:
    """Softmax over the unmasked keys of each query."""
    scores, *lengths = e.operands(n)
    shape = n.type.shape
    rank = len(shape)
    seen = [has_data(e, name, rank, rank - 1, shape[-1]) for name in lengths]
    if n.attr("causal"):
        query = e.add("Unsqueeze", _counted(e, shape[-2]), e.whole(1))
        seen.append(e.add("LessOrEqual", _counted(e, shape[-1]), query))
    if seen:
        mask = seen[0] if len(seen) == 1 else e.add("And", *seen)
        scores = e.add("Where", mask, scores, e.constant(-np.inf))
    return e.add("Softmax", scores, axis=-1)


@rule("positions")
def _positions(e: Emitter, n: Node) -> str:
    """sin(t / 10000^(2i/D)) in column 2i, its cosine in column 2i + 1; computed in double."""
    length, size = n.type.shape
    column = np.arange(e.number(size))
    rate = 10000.0 ** (-(column - column % 2) / len(column))
    time = e.cast(_counted(e, length), TensorProto.DOUBLE)
    angle = e.add("Mul", e.add("Unsqueeze", time, e.whole(1)), e.constant(rate, np.float64))
    even = e.constant(column % 2 == 0, np.bool_)
    wave = e.add("Where", even, e.add("Sin", angle), e.add("Cos", angle))
    return e.cast(wave)
