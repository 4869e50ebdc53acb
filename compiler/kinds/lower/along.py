"""Constants along one axis of a value."""

from __future__ import annotations

from ...ops.build import Value
from ...ops.shape import reshape
from ...ops.source import const, const_array


def along_axis(x: Value, numbers: float | tuple[float, ...], axis: int) -> Value:
    """Return a constant that broadcasts against x: one number, or one for each entry of an axis.

    `axis` is a feature axis; the batch axis of x is not counted.
    """
    if not isinstance(numbers, tuple):
        return const(x.builder, numbers)
    trailing = x.type.rank - 2 - axis
    return reshape(const_array(x.builder, numbers), (len(numbers), *(1,) * trailing))
