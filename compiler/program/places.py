"""Places of values: a plan assigns one to every stored value, and a target names it."""

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
    """An array of the cache that holds a value for the functions after forward.

    If the value is a view (`viewed`), it is the array that the view refers to."""

    value: int
    viewed: bool = False

    def __str__(self) -> str:
        return f"kept for %{self.value}" + (", which is a view of it" if self.viewed else "")


@dataclass(frozen=True, slots=True)
class Work:
    """An array of the cache that successive values share; numbered from 1."""

    number: int

    def __str__(self) -> str:
        return f"work {self.number}"


@dataclass(frozen=True, slots=True)
class Updated:
    """A flat array that the optimizer step overwrites: `p`, or a slot's name."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Temporary:
    """A flat array of the optimizer step for intermediate values; numbered from 1."""

    number: int

    def __str__(self) -> str:
        return f"temporary {self.number}"


Place = GradientOf | Kept | Work | Updated | Temporary
