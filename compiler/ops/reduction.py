"""Sums, means and maxima over axes."""

from __future__ import annotations

from ..ir.dims import Shape
from ..ir.types import TensorType
from .build import Value
from .ragged import as_real
from .registry import Attrs, Gradient, OpDef, Types, op, sample
from .shape import broadcast, reshape


def sum_over(x: Value, axes: tuple[int, ...], keepdims: bool = False) -> Value:
    """Σ over axes of the full shape."""
    return x.builder.emit("sum", x, axes=axes, keepdims=keepdims)


def sum_all(x: Value) -> Value:
    """Σ over all entries."""
    return sum_over(x, tuple(range(x.type.rank)))


def _kept(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _reduced(types: Types, attrs: Attrs) -> TensorType:
    shape, axes = types[0].shape, attrs["axes"]
    if attrs["keepdims"]:
        return TensorType(_kept(shape, axes))
    return TensorType(tuple(n for i, n in enumerate(shape) if i not in axes))


def _spread(c: Gradient, value: Value) -> Value:
    """Reshape a reduced value so that it broadcasts against the input of the reduction."""
    return reshape(value, _kept(c.x.type.shape, c.attr("axes")))


def _sum(c: Gradient) -> list[Value]:
    return [broadcast(_spread(c, c.g), c.x.type.shape)]


def _max(c: Gradient) -> list[Value]:
    """Entries that tie share the gradient equally."""
    hits = as_real(c.g.builder.emit("equal", c.x, _spread(c, c.out)))
    count = c.g.builder.emit("sum", hits, axes=c.attr("axes"), keepdims=True)
    return [hits * (_spread(c, c.g) / count)]


_AXES = (
    sample((3, 4), axes=(1,), keepdims=True),
    sample((3, 4), axes=(0,), keepdims=False),
    sample((2, 3, 4), axes=(0, 2), keepdims=False),
    sample((3, 4), axes=(0, 1), keepdims=False),
)

op(
    OpDef(
        "sum",
        _reduced,
        _sum,
        samples=_AXES,
        formulas=("dx = dy, the same for every term of the sum",),
    )
)
op(
    OpDef(
        "max",
        _reduced,
        _max,
        samples=_AXES,
        formulas=("dx = dy where x is the maximum",),
    )
)
