"""Geometry of a drawing: rectangles, and arrows as curves between stops."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_PIECES = 40

Point = tuple[float, float]
Path = tuple[Point, ...]
"""Stops of an arrow; it is curved between them and passes each one vertically."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its corner and size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The coordinate of the right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The coordinate of the lower side."""
        return self.y + self.height

    def meets(self, other: Rect) -> bool:
        """Return whether the two have a point in common."""
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom

    def holds(self, point: Point) -> bool:
        """Return whether a point lies inside."""
        x, y = point
        return self.x < x < self.right and self.y < y < self.bottom

    def moved(self, x: float, y: float) -> Rect:
        """Return the rectangle moved right and down."""
        return Rect(self.x + x, self.y + y, self.width, self.height)


def around(rects: Iterable[Rect], paths: Iterable[Path], margin: float) -> Rect:
    """Return the smallest rectangle around everything, with a margin."""
    shown = list(rects)
    xs = [x for r in shown for x in (r.x, r.right)] + [x for p in paths for x, _ in p]
    ys = [y for r in shown for y in (r.y, r.bottom)]
    left, top = min(xs) - margin, min(ys) - margin
    return Rect(left, top, max(xs) + margin - left, max(ys) + margin - top)


def moved(path: Path, x: float, y: float) -> Path:
    """Return a path moved right and down."""
    return tuple((a + x, b + y) for a, b in path)


def points(path: Path) -> list[Point]:
    """Return dense points on an arrow: x is a smoothstep between the stops, y is linear."""
    points = [path[0]]
    for (x0, y0), (x1, y1) in pairwise(path):
        steps = [i / _PIECES for i in range(1, _PIECES + 1)]
        points += [(x0 + (x1 - x0) * t * t * (3 - 2 * t), y0 + (y1 - y0) * t) for t in steps]
    return points
