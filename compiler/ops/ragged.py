"""Ops on padded rows: entries beyond a row's length are not data.

Padding may hold any value, NaN included, so it is replaced, never multiplied by zero.
"""

from __future__ import annotations

from ..ir.types import DType, TensorType
from .build import Value
from .registry import ZERO, Attrs, Gradient, OpDef, Parts, Sample, Types, op


def mask_steps(x: Value, lengths: Value, axis: int = 1) -> Value:
    """Set x to zero beyond each row's length, along an axis of the full shape."""
    return x.builder.emit("mask_steps", x, lengths, axis=axis)


def exclude_steps(x: Value, lengths: Value, axis: int = 1) -> Value:
    """Set x to −inf beyond each row's length, which excludes it from a maximum or softmax."""
    return x.builder.emit("exclude_steps", x, lengths, axis=axis)


def as_real(x: Value) -> Value:
    """Convert integers to the model's floating-point dtype."""
    return x.builder.emit("as_real", x)


def count_steps(lengths: Value) -> Value:
    """The number of unpadded positions in a batch, as a floating-point scalar."""
    return lengths.builder.emit("count_steps", lengths)


def window_lengths(lengths: Value, *, kernel: int, stride: int, pad: int) -> Value:
    """Lengths after a sliding window: (n + pad − kernel) // stride + 1.

    `pad` is the total number of positions added at both ends; a row shorter than one window is
    an error at run time.
    """
    return lengths.builder.emit("window_lengths", lengths, kernel=kernel, stride=stride, pad=pad)


def _masked(c: Gradient) -> Parts:
    return [mask_steps(c.g, c.inputs[1], c.attr("axis")), ZERO]


def _largest(inputs: tuple[Value, ...], attrs: Attrs) -> Value:
    """Follow `exclude_steps` by a maximum, so that the checked value is finite."""
    excluded = exclude_steps(inputs[0], inputs[1], attrs["axis"])
    return excluded.builder.emit("max", excluded, axes=(attrs["axis"],), keepdims=False)


def _same(types: Types, _: Attrs) -> TensorType:
    return TensorType(types[0].shape, types[0].dtype)


op(
    OpDef(
        "mask_steps",
        _same,
        _masked,
        samples=(
            Sample(((3, 4, 2), (3,)), {"axis": 1}, ints={1: 4}),
            Sample(((3, 2, 4), (3,)), {"axis": 2}, ints={1: 4}),
        ),
        formulas=("dx = dy, zero where there is padding",),
    )
)
op(
    OpDef(
        "exclude_steps",
        _same,
        _masked,
        samples=(Sample(((3, 4, 2), (3,)), {"axis": 1}, ints={1: 4}),),
        composed=_largest,
        formulas=("dx = dy, zero where there is padding",),
    )
)
op(OpDef("as_real", lambda types, _: TensorType(types[0].shape), ZERO))
op(OpDef("count_steps", lambda types, _: TensorType(()), ZERO))
op(OpDef("window_lengths", lambda types, _: TensorType(types[0].shape, DType.INT), ZERO))
op(OpDef("equal_lengths", lambda types, _: TensorType(types[0].shape, DType.INT), ZERO))
