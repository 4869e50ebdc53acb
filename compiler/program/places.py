"""Where a value lives: what a plan gives every stored value, and a target then gives a name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GradientOf:
    """The array of a parameter's gradient, which belongs to the caller."""

    param: str

    def __str__(self) -> str:
        return f"the gradient of {self.param}"


@dataclass(frozen=True, slots=True)
class Kept:
    """An array of the cache that holds a value for the functions behind forward.

    Where the value is a view (`viewed`), it is the array that the view looks at.
    """

    value: int
    viewed: bool = False

    def __str__(self) -> str:
        return f"kept for %{self.value}" + (", which is a view of it" if self.viewed else "")


@dataclass(frozen=True, slots=True)
class Work:
    """An array of the cache in which values follow one another; they are counted from 1."""

    number: int

    def __str__(self) -> str:
        return f"work {self.number}"


@dataclass(frozen=True, slots=True)
class Updated:
    """A flat array that the optimizer's step writes over: `p`, or a slot's name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Temporary:
    """A flat array of the optimizer's step for intermediate values; they are counted from 1."""

    number: int

    def __str__(self) -> str:
        return f"temporary {self.number}"


Place = GradientOf | Kept | Work | Updated | Temporary
