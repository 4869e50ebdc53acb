"""Checked arguments read as what their schemas say they are.

Every function raises TypeError for a value of another kind, which is a mistake in the compiler: the
schema has been checked when the spec was resolved.
"""

from __future__ import annotations

from .layer_graph import ArgValue


def whole(value: ArgValue) -> int:
    """A whole number."""
    if not isinstance(value, int):
        raise TypeError(f"no whole number: {value!r}")
    return value


def number(value: ArgValue) -> float:
    """A number."""
    if not isinstance(value, int | float):
        raise TypeError(f"no number: {value!r}")
    return float(value)


def wholes(value: ArgValue) -> tuple[int, ...]:
    """A size or a list of whole numbers: `3x3`, `[2, 0, 1]`."""
    if not isinstance(value, tuple):
        raise TypeError(f"no whole numbers: {value!r}")
    return tuple(map(whole, value))


def numbers(value: ArgValue) -> tuple[float, ...]:
    """A list of numbers: `[0.5, 1]`."""
    if not isinstance(value, tuple):
        raise TypeError(f"no numbers: {value!r}")
    return tuple(map(number, value))


def ranges(value: ArgValue) -> tuple[tuple[int, int], ...]:
    """Ranges of whole numbers: `0:2 3:5`."""
    if not isinstance(value, tuple):
        raise TypeError(f"no ranges: {value!r}")
    pairs = tuple(map(wholes, value))
    return tuple((start, stop) for start, stop in pairs)
