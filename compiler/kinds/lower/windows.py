"""Shared lowering of layers with a sliding kernel."""

from __future__ import annotations

from ...ops.build import Value
from ...ops.ragged import window_lengths
from ...ops.shape import reshape
from ..shapes.windows import Window
from .context import LowerContext


def alone(c: LowerContext, window: Window) -> Value:
    """Return the input, with padding set to zero if a window may overlap it."""
    if c.lengths is None or not window.sees_beyond(c.result.ragged_axis - 1):
        return c.x
    return c.masked(c.x, c.result.ragged_axis + 1)


def lengths_behind(c: LowerContext, window: Window) -> Value | None:
    """Return the row lengths after a window that slides along the padded axis."""
    if c.lengths is None:
        return None
    axis = c.result.ragged_axis - 1
    return window_lengths(
        c.lengths,
        kernel=window.reach[axis],
        stride=window.stride[axis],
        pad=window.padding(axis),
    )


def with_bias(c: LowerContext, z: Value, formula: str) -> Value:
    """Add a bias to each channel of z, if the layer has biases."""
    if not c.arg("bias"):
        return c.note(z, formula)
    ones = (1,) * (z.type.rank - 2)
    return c.note(z + reshape(c.param("b"), (z.type.shape[1], *ones)), f"{formula} + b")
