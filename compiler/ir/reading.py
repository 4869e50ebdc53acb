"""Typed access to checked arguments.

Every function raises TypeError for a value of another type, which is a bug in the compiler: the
schema was checked when the spec was resolved.
"""

from __future__ import annotations

from .layer_graph import ArgValue


def whole(value: ArgValue) -> int:
    """Return an integer."""
    if not isinstance(value, int):
        raise TypeError(f"no whole number: {value!r}")
    return value


def number(value: ArgValue) -> float:
    """Return a number."""
    if not isinstance(value, int | float):
        raise TypeError(f"no number: {value!r}")
    return float(value)


def wholes(value: ArgValue) -> tuple[int, ...]:
    """Return a size or a list of integers: `3x3`, `[2, 0, 1]`."""
    if not isinstance(value, tuple):
        raise TypeError(f"no whole numbers: {value!r}")
    return tuple(map(whole, value))


def numbers(value: ArgValue) -> tuple[float, ...]:
    """Return a list of numbers: `[0.5, 1]`."""
    if not isinstance(value, tuple):
        raise TypeError(f"no numbers: {value!r}")
    return tuple(map(number, value))


def ranges(value: ArgValue) -> tuple[tuple[int, int], ...]:
    """Return ranges of integers: `0:2 3:5`."""
    if not isinstance(value, tuple):
        raise TypeError(f"no ranges: {value!r}")
    pairs = tuple(map(wholes, value))
    return tuple((start, stop) for start, stop in pairs)
