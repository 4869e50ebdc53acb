"""What lowering has in common for layers that slide a kernel."""

from __future__ import annotations

from ...ops.build import Value
from ...ops.ragged import window_lengths
from ...ops.shape import reshape
from ..shapes.windows import Window
from .context import LowerContext


def alone(c: LowerContext, window: Window) -> Value:
    """The input, with zeros in place of padding where a window would meet it."""
    if c.lengths is None or not window.sees_beyond(c.result.ragged_axis - 1):
        return c.x
    return c.masked(c.x, c.result.ragged_axis + 1)


def lengths_behind(c: LowerContext, window: Window) -> Value | None:
    """The lengths of rows behind a window, if it moves along the axis of their lengths."""
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
    """z plus a bias for each of its channels, where the layer has biases."""
    if not c.arg("bias"):
        return c.note(z, formula)
    ones = (1,) * (z.type.rank - 2)
    return c.note(z + reshape(c.param("b"), (z.type.shape[1], *ones)), f"{formula} + b")
