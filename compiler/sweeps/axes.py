"""What varies in a sweep: `lr=1e-3,1e-2` is a list of values, `lr=1e-4..1e-1` a range to draw from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from random import Random

from .errors import SweepError

MOST = 10_000
"""Most points of one sweep."""

DECADE = 10.0
"""A range of positive numbers whose ends differ by this factor or more is drawn on a log scale."""

TRIES = 100
"""Draws for each point, until one differs from all before."""

_RANGE = re.compile(r"([^.\s]+(?:\.\d+)?(?:[eE][+-]?\d+)?)\.\.(\S+)")
_UNFIT = re.compile(r"[;#\n\r]|->")
"""What would end a value, so that the rest of it became another part of the spec."""

Settings = Mapping[str, str]
"""The values of one point by name, as they are written in the spec."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from `low` to `high`; whole ones where both ends are written as whole numbers."""

    low: float
    high: float
    whole: bool

    @property
    def logarithmic(self) -> bool:
        """Whether the logarithms of the numbers are drawn uniformly."""
        return self.low > 0 and self.high / self.low >= DECADE

    def draw(self, rng: Random) -> str:
        """Draw a number, as it is written in a spec: whole, or with three digits."""
        if self.logarithmic:
            drawn = math.exp(rng.uniform(math.log(self.low), math.log(self.high)))
        else:
            drawn = rng.uniform(self.low, self.high)
        if self.whole:
            return str(min(max(round(drawn), int(self.low)), int(self.high)))
        return f"{drawn:.3g}"


@dataclass(frozen=True, slots=True)
class Axis:
    """A name, and its values or its range."""

    name: str
    values: tuple[str, ...] = ()
    range: Range | None = None

    def draw(self, rng: Random) -> str:
        """Draw a value."""
        return self.range.draw(rng) if self.range else rng.choice(self.values)


def read_axes(texts: Iterable[str]) -> tuple[Axis, ...]:
    """Return the axes that texts such as `lr=1e-3,1e-2` denote; raises SweepError."""
    axes = tuple(map(_axis, texts))
    for axis in axes:
        if sum(other.name == axis.name for other in axes) > 1:
            raise SweepError(f"{axis.name} is given twice; write all its values in one place")
    return axes


def _axis(text: str) -> Axis:
    name, equals, rest = (part.strip() for part in text.partition("="))
    if not equals or not name or not rest:
        raise SweepError(f"{text!r} is no NAME=VALUE,VALUE,… such as lr=1e-3,1e-2")
    if found := _RANGE.fullmatch(rest):
        return Axis(name, range=_range(text, *found.groups()))
    values = tuple(dict.fromkeys(split_values(rest)))
    for value in values:
        if not value:
            raise SweepError(f"{text!r} has an empty value")
        if _UNFIT.search(value):
            raise SweepError(f"{value!r} is no value: give a number, a word, a size or a list")
    return Axis(name, values)


def _range(text: str, low: str, high: str) -> Range:
    try:
        found = Range(float(low), float(high), whole=_is_whole(low) and _is_whole(high))
    except ValueError:
        raise SweepError(f"{text!r}: the ends of a range are numbers") from None
    if not (math.isfinite(found.low) and math.isfinite(found.high) and found.low < found.high):
        raise SweepError(f"{text!r}: a range goes from a number to a larger one")
    return found


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d{1,18}", text) is not None


def split_values(text: str) -> Iterator[str]:
    """Yield the parts between commas, of which those inside brackets separate nothing."""
    depth = start = 0
    for at, char in enumerate(text):
        depth += (char in "([") - (char in ")]")
        if char == "," and depth <= 0:
            yield text[start:at].strip()
            start = at + 1
    yield text[start:].strip()


def points(axes: Sequence[Axis], count: int | None, seed: int) -> list[dict[str, str]]:
    """Return the settings of all points: the grid, or `count` random ones; raises SweepError.

    The first points of a longer random sweep are those of a shorter one with the same seed."""
    if count is not None:
        return _drawn(axes, count, seed)
    for axis in axes:
        if axis.range is not None:
            raise SweepError(
                f"{axis.name} has a range: --random N says how many points to draw from it"
            )
    size = math.prod(len(axis.values) for axis in axes)
    if size > MOST:
        raise SweepError(f"the grid has {size:,} points, more than {MOST:,}; draw --random N of it")
    names = [axis.name for axis in axes]
    chosen = product(*(axis.values for axis in axes))
    return [dict(zip(names, values, strict=True)) for values in chosen]


def _drawn(axes: Sequence[Axis], count: int, seed: int) -> list[dict[str, str]]:
    rng, found = Random(seed), dict[tuple[str, ...], dict[str, str]]()
    for _ in range(count * TRIES):
        if len(found) == count:
            break
        values = tuple(axis.draw(rng) for axis in axes)
        found[values] = {axis.name: value for axis, value in zip(axes, values, strict=True)}
    return list(found.values())
