"""Lookup of table rows by integer ids."""

from __future__ import annotations

from ..ir.types import TensorType
from .build import Value
from .registry import ZERO, Attrs, Gradient, OpDef, Parts, Sample, Types, op


def take_rows(table: Value, ids: Value) -> Value:
    """The rows of a table (V, D) selected by ids of any shape: (*shape, D)."""
    return table.builder.emit("take_rows", table, ids)


def _taken(types: Types, _: Attrs) -> TensorType:
    table, ids = types
    return TensorType((*ids.shape, table.shape[1]))


def _added(types: Types, attrs: Attrs) -> TensorType:
    return TensorType((attrs["count"], types[0].shape[-1]))


def _gradient(c: Gradient) -> Parts:
    table, ids = c.inputs
    count = table.type.shape[0]
    return [c.g.builder.emit("add_rows", c.g, ids, count=count), ZERO]


op(
    OpDef(
        "take_rows",
        _taken,
        _gradient,
        samples=(
            Sample(((5, 3), (2, 4)), {}, ints={1: 4}),
            Sample(((4, 1), (3,)), {}, ints={1: 3}),
            Sample(((3, 2), (2, 3, 2)), {}, ints={1: 2}),
        ),
        formulas=("dW: the gradients of equal ids add up",),
    )
)
op(
    OpDef(
        "add_rows",
        _added,
        lambda c: [take_rows(c.g, c.inputs[1]), ZERO],
        samples=(
            Sample(((2, 4, 3), (2, 4)), {"count": 5}, ints={1: 4}),
            Sample(((3, 1), (3,)), {"count": 4}, ints={1: 3}),
        ),
    )
)

# ids + count · (row index): each row of a batch selects from its own table.
op(OpDef("offset_ids", lambda types, _: types[0], ZERO))
