"""Ops that rearrange entries without arithmetic."""

from __future__ import annotations

from ..ir.dims import Dim, Shape
from ..ir.types import TensorType
from .build import Value
from .elementwise import scale, unbroadcast
from .registry import Attrs, Gradient, OpDef, Types, op, same_type, sample
from .source import const_array


def reshape(x: Value, shape: Shape) -> Value:
    """The same entries in another shape."""
    return x if x.type.shape == shape else x.builder.emit("reshape", x, shape=shape)


def transpose(x: Value, perm: tuple[int, ...] = (1, 0)) -> Value:
    """Axis i of the result is axis perm[i] of x; by default the matrix transpose."""
    return x.builder.emit("transpose", x, perm=perm)


def concat(xs: tuple[Value, ...], axis: int) -> Value:
    """Concatenate the values along an axis (of the full shape)."""
    return xs[0].builder.emit("concat", *xs, axis=axis)


def narrow(x: Value, axis: int, start: Dim, stop: Dim) -> Value:
    """Entries start ≤ i < stop along an axis."""
    return x.builder.emit("slice", x, axis=axis, start=start, stop=stop)


def embed(x: Value, axis: int, start: Dim, size: Dim) -> Value:
    """Pad x with zeros along an axis to the given size; x begins at `start`."""
    return x.builder.emit("embed", x, axis=axis, start=start, size=size)


def broadcast(x: Value, shape: Shape) -> Value:
    """Broadcast x along its axes of size 1 to the full shape."""
    return x if x.type.shape == shape else x.builder.emit("broadcast", x, shape=shape)


def powers(x: Value, degree: int) -> Value:
    """x⁰ … x^degree along a new last axis."""
    return x.builder.emit("powers", x, degree=degree)


def _given_shape(types: Types, attrs: Attrs) -> TensorType:
    return types[0].with_shape(attrs["shape"])


def _transpose_type(types: Types, attrs: Attrs) -> TensorType:
    return types[0].with_shape(tuple(types[0].shape[i] for i in attrs["perm"]))


def _transpose(c: Gradient) -> list[Value]:
    perm = c.attr("perm")
    inverse = tuple(perm.index(i) for i in range(len(perm)))
    return [transpose(c.g, inverse)]


def _resized(type: TensorType, axis: int, size: Dim) -> TensorType:
    return type.with_shape((*type.shape[:axis], size, *type.shape[axis + 1 :]))


def _concat_type(types: Types, attrs: Attrs) -> TensorType:
    axis = attrs["axis"]
    size: Dim = 0
    for type in types:
        size = size + type.shape[axis]
    return _resized(types[0], axis, size)


def _concat(c: Gradient) -> list[Value]:
    axis, start, parts = c.attr("axis"), 0, []
    for x in c.inputs:
        stop = start + x.type.shape[axis]
        parts.append(narrow(c.g, axis, start, stop))
        start = stop
    return parts


def _slice_type(types: Types, attrs: Attrs) -> TensorType:
    return _resized(types[0], attrs["axis"], attrs["stop"] - attrs["start"])


def _slice(c: Gradient) -> list[Value]:
    axis = c.attr("axis")
    size = c.x.type.shape[axis]
    start = c.attr("start")
    return [embed(c.g, axis, start, size)]


def _embed_type(types: Types, attrs: Attrs) -> TensorType:
    return _resized(types[0], attrs["axis"], attrs["size"])


def _embed(c: Gradient) -> list[Value]:
    axis, start = c.attr("axis"), c.attr("start")
    return [narrow(c.g, axis, start, start + c.x.type.shape[axis])]


def _powers_type(types: Types, attrs: Attrs) -> TensorType:
    return types[0].with_shape((*types[0].shape, attrs["degree"] + 1))


def _powers(c: Gradient) -> list[Value]:
    """d(x^k) = k·x^(k−1) for k ≥ 1; the constant power x⁰ contributes nothing."""
    degree, last = c.attr("degree"), c.x.type.rank
    if degree == 0:
        return [scale(c.x, 0.0)]
    upper = narrow(c.g, last, 1, degree + 1)
    factors = const_array(c.g.builder, tuple(range(1, degree + 1)))
    terms = upper * (factors * powers(c.x, degree - 1))
    return [c.g.builder.emit("sum", terms, axes=(last,), keepdims=False)]


op(
    OpDef(
        "reshape",
        _given_shape,
        lambda c: [reshape(c.g, c.x.type.shape)],
        view=True,
        samples=(sample((2, 6), shape=(4, 3)),),
    )
)
op(
    OpDef(
        "transpose",
        _transpose_type,
        _transpose,
        view=True,
        samples=(sample((2, 3, 4), perm=(2, 0, 1)), sample((2, 3), perm=(1, 0))),
    )
)
op(
    OpDef(
        "broadcast",
        _given_shape,
        lambda c: [unbroadcast(c.g, c.x.type)],
        view=True,
        samples=(sample((3, 1), shape=(3, 4)), sample((4,), shape=(3, 4))),
    )
)
op(
    OpDef(
        "concat",
        _concat_type,
        _concat,
        samples=(sample((2, 3), (2, 1), (2, 2), axis=1),),
        formulas=("dx = its columns of dy",) * 8,
    )
)
op(
    OpDef(
        "slice",
        _slice_type,
        _slice,
        view=True,
        samples=(sample((2, 5), axis=1, start=1, stop=4),),
    )
)
op(
    OpDef(
        "embed",
        _embed_type,
        _embed,
        samples=(sample((2, 3), axis=1, start=1, size=5),),
    )
)
op(
    OpDef(
        "powers",
        _powers_type,
        _powers,
        samples=(sample((2, 3), degree=4), sample((2, 3), degree=0)),
        formulas=("dx = Σ k xᵏ⁻¹ · dyₖ",),
    )
)
op(OpDef("copied", same_type, lambda c: [c.g], samples=(sample((3, 4)),)))
