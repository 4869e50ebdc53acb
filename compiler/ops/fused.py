"""Ops emitted only by passes, after differentiation: each is a single call of the target."""

from __future__ import annotations

from ..ir.dims import Dim
from ..ir.types import TensorType
from .build import Builder, Value
from .registry import ZERO, Attrs, Gradient, OpDef, Parts, Types, op, sample
from .shape import broadcast, reshape

op(OpDef("ones", lambda _, attrs: TensorType(attrs["shape"]), ZERO))


def column_sums(x: Value) -> Value:
    """Σ over the rows, as ones @ x."""
    return x.builder.emit("column_sums", _ones(x.builder, x.type.shape[0]), x)


def row_sums(x: Value) -> Value:
    """Σ over the columns, as x @ ones, with the axis kept."""
    return x.builder.emit("row_sums", x, _ones(x.builder, x.type.shape[1], 1))


def _ones(build: Builder, *shape: Dim) -> Value:
    return build.emit("ones", shape=shape)


def _column_sums(types: Types, _: Attrs) -> TensorType:
    return TensorType(types[1].shape[1:])


def _row_sums(types: Types, _: Attrs) -> TensorType:
    return TensorType((types[0].shape[0], 1))


def _spread(g: Value, shape: tuple[Dim, ...], over: Value) -> Value:
    """Broadcast a sum's gradient, in the given shape, to all summed entries."""
    return broadcast(reshape(g, shape), over.type.shape)


def _column_sums_gradient(c: Gradient) -> Parts:
    x = c.inputs[1]
    return [ZERO, _spread(c.g, (1, *c.g.type.shape), x)]


def _grand_sum(c: Gradient) -> Parts:
    return [_spread(c.g, (1,) * c.x.type.rank, c.x)]


op(
    OpDef(
        "column_sums",
        _column_sums,
        _column_sums_gradient,
        samples=(sample((3, 4)),),
        composed=lambda inputs, _: column_sums(inputs[0]),
    )
)
op(
    OpDef(
        "row_sums",
        _row_sums,
        lambda c: [broadcast(c.g, c.x.type.shape), ZERO],
        samples=(sample((3, 4)),),
        composed=lambda inputs, _: row_sums(inputs[0]),
    )
)

# Σ a·b over all entries, one call.
op(
    OpDef(
        "inner",
        lambda types, _: TensorType(()),
        lambda c: [c.g * c.inputs[1], c.g * c.inputs[0]],
        samples=(sample((3, 4), (3, 4)),),
    )
)

# Σ over all entries: the ufunc's own reduction, which has less overhead than np.sum.
op(
    OpDef(
        "grand_sum",
        lambda types, _: TensorType(()),
        _grand_sum,
        samples=(sample((3, 4)), sample((5,))),
    )
)

# Adding and subtracting a tiny constant turns denormal entries into exact zeros; matrix
# products over denormals run several times slower.
op(
    OpDef(
        "flush_denormals",
        lambda types, _: types[0],
        lambda c: [c.g],
        True,
        samples=(sample((3, 4)),),
    )
)
