"""Feature axes by number, and the padded axis after a permutation or reduction."""

from __future__ import annotations

from dataclasses import replace

from ...diagnostics.codes import shapes as codes
from ...ir.types import TensorType
from .context import ShapeContext, ShapeFault


def feature_axis(c: ShapeContext, axis: int, at: str = "axis") -> int:
    """Return a feature axis counted from 0; -1 is the last, and the batch axis is not counted."""
    rank = c.input.rank
    if -rank <= axis < rank:
        return axis % rank
    raise ShapeFault(
        codes.BAD_AXIS,
        f"there is no axis {axis} in {c.input}",
        at=at,
        here=(
            f"feature axes count from 0 to {rank - 1}, or -1 for the last"
            if rank > 1
            else "there is one feature axis, 0"
        ),
        help="write `axis=-1` for the last axis; the batch axis is not counted",
        replace="-1",
    )


def permuted(type: TensorType, perm: tuple[int, ...]) -> TensorType:
    """Return the type whose axis i is axis perm[i] of this one; padding moves with its axis."""
    moved = type.with_shape(tuple(type.shape[i] for i in perm))
    return replace(moved, ragged_axis=perm.index(type.ragged_axis)) if type.ragged else moved


def without_axis(type: TensorType, axis: int) -> TensorType:
    """Return the type of a value reduced over an axis; an only axis is kept, with size 1."""
    shape = (*type.shape[:axis], *type.shape[axis + 1 :]) or (1,)
    if not type.ragged or axis == type.ragged_axis:
        return TensorType(shape, type.dtype)
    return replace(type, shape=shape, ragged_axis=type.ragged_axis - (axis < type.ragged_axis))
