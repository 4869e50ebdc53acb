"""Shared lowering of pooling layers."""

from __future__ import annotations

from ...ops.build import Value
from ...ops.ragged import exclude_steps, mask_steps
from ..shapes.pools import pool_window
from ..shapes.windows import Window
from .context import LowerContext
from .windows import lengths_behind


def window_over(c: LowerContext) -> Window:
    """Return the pooling window over the layer's input."""
    return pool_window(c.args, c.x.type.shape[2:])


def pooled_lengths(c: LowerContext) -> Value | None:
    """Return the row lengths after pooling."""
    return lengths_behind(c, window_over(c))


def without_padding(c: LowerContext, window: Window) -> Value:
    """Return the input, with padding set to −inf if a window may overlap it."""
    if c.lengths is None or window.reach[c.result.ragged_axis - 1] == 1:
        return c.x
    return exclude_steps(c.x, c.lengths, c.result.ragged_axis + 1)


def finite(c: LowerContext, y: Value, window: Window) -> Value:
    """Return y with zeros in place of −inf, which results from windows of padding only."""
    lengths = lengths_behind(c, window)
    if lengths is None or window.reach[c.result.ragged_axis - 1] == 1:
        return y
    return mask_steps(y, lengths, c.result.ragged_axis + 1)
