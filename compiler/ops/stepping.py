"""Ops of a network that reads one position at a time and remembers earlier ones.

What it remembers are arrays of a stream, kept by the caller; the leaf `stream` is one of them as the
position before left it, the leaf `position` the number t of the position, from 0.
"""

from __future__ import annotations

from ..ir.dims import symbol
from ..ir.types import TensorType
from .build import Value
from .registry import Attrs, OpDef, Types, Undefined, op

POSITIONS = symbol("T")
"""The number of positions read, this one included."""

_ONWARDS = Undefined("steps only predict, so nothing is differentiated through them")


def recent(x: Value, past: Value, t: Value, *, dilation: int) -> Value:
    """Return x (B, C) after every dilation-th earlier value: (B, C, k), oldest first.

    `past` (B, C, n) holds the n positions before in a ring; x then takes the place of the oldest.
    """
    return x.builder.emit("recent", x, past, t, dilation=dilation)


def so_far(x: Value, t: Value, name: str) -> Value:
    """Return x (B, heads, 1, D) after its values at all earlier positions: (B, heads, T, D).

    `name` is the array of the stream that keeps them all.
    """
    return x.builder.emit("so_far", x, t, name=name)


def position_code(x: Value, t: Value) -> Value:
    """Return row t of `positions`: sines and cosines for x (B, D), as (D,)."""
    return x.builder.emit("position_code", x, t)


def row_at(table: Value, t: Value) -> Value:
    """Return row t of a table (L, D), as (D,)."""
    return table.builder.emit("row_at", table, t)


def _recent_type(types: Types, attrs: Attrs) -> TensorType:
    batch, channels, length = types[1].shape
    return TensorType((batch, channels, length // attrs["dilation"] + 1))


def _so_far_type(types: Types, _: Attrs) -> TensorType:
    batch, heads, _one, size = types[0].shape
    return TensorType((batch, heads, POSITIONS, size))


op(OpDef("recent", _recent_type, _ONWARDS))
op(OpDef("so_far", _so_far_type, _ONWARDS))
op(OpDef("position_code", lambda types, _: TensorType(types[0].shape[-1:]), _ONWARDS))
op(OpDef("row_at", lambda types, _: TensorType(types[0].shape[1:]), _ONWARDS))
