"""Shapes of values whose sizes may be known only at run time.

A size is followed at several places at once: a `Dim` holds its value for each of a few sets of
large, unrelated numbers put for T and S. Two sizes are equal as expressions if they are equal in
every set, and a size that differs between the sets is symbolic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

FAR: tuple[Mapping[str, int], ...] = (
    {"T": 211, "S": 307},
    {"T": 360, "S": 252},
    {"T": 505, "S": 418},
)


class Invalid(Exception):
    """A layer that its input does not admit; the text is the reason."""


@dataclass(frozen=True)
class Dim:
    """A size, for each set of numbers."""

    at: tuple[int, ...]

    @property
    def known(self) -> int | None:
        """The number, if it does not depend on T or S."""
        return self.at[0] if len(set(self.at)) == 1 else None

    def map(self, f: Callable[[int], int]) -> Dim:
        """A size computed from this one."""
        return Dim(tuple(f(n) for n in self.at))

    def plus(self, other: Dim) -> Dim:
        """The sum of two sizes."""
        return Dim(tuple(a + b for a, b in zip(self.at, other.at, strict=True)))

    def times(self, other: Dim) -> Dim:
        """The product of two sizes."""
        return Dim(tuple(a * b for a, b in zip(self.at, other.at, strict=True)))


Axes = tuple[Dim, ...]


@dataclass(frozen=True)
class Type:
    """What is known of a value: sizes without the batch, the axis along which rows differ."""

    axes: Axes
    ragged: int | None = None
    ints: bool = False

    @property
    def rank(self) -> int:
        """The number of axes, the batch not counted."""
        return len(self.axes)

    def known(self, axis: int) -> int | None:
        """The size of an axis, if it is a number."""
        return self.axes[axis].known

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """All sizes, None for the symbolic ones."""
        return tuple(axis.known for axis in self.axes)

    def with_axes(self, axes: Axes) -> Type:
        """The same kind of value of another shape."""
        return replace(self, axes=axes)

    def number(self, size: int) -> Dim:
        """A known size, in as many sets as this type's."""
        return Dim((size,) * (len(self.axes[0].at) if self.axes else len(FAR)))


def product(type: Type) -> Dim:
    """The number of entries of a row."""
    total = type.number(1)
    for axis in type.axes:
        total = total.times(axis)
    return total


Declared = tuple[int | str, ...]


def declared(
    shape: Declared, *, ragged: bool, ints: bool, sets: tuple[Mapping[str, int], ...] = FAR
) -> Type:
    """The type of an input as written, under the given sets of numbers."""
    axes = tuple(
        Dim(tuple(numbers[n] for numbers in sets)) if isinstance(n, str) else Dim((n,) * len(sets))
        for n in shape
    )
    return Type(axes, 0 if ragged else None, ints)
