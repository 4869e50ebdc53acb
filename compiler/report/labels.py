"""Placement of arrow labels: beside the arrow, without overlap."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .rects import Path, Point, Rect, points

BESIDE = 6.0
"""Distance between an arrow and its label."""

TIP = 10.0
"""The size of an arrowhead."""

_BAND = 50.0


class _Occupied:
    """The occupied areas, in bands of equal height, so that only nearby ones are checked."""

    def __init__(self) -> None:
        self.rects: dict[int, list[Rect]] = {}
        self.points: dict[int, list[Point]] = {}

    def add(self, rect: Rect) -> None:
        for band in self._bands(rect):
            self.rects.setdefault(band, []).append(rect)

    def add_line(self, line: Iterable[Point]) -> None:
        for point in line:
            self.points.setdefault(int(point[1] // _BAND), []).append(point)

    def clear_of_rects(self, rect: Rect) -> bool:
        return not any(
            rect.meets(other) for b in self._bands(rect) for other in self.rects.get(b, ())
        )

    def clear_of_lines(self, rect: Rect) -> bool:
        return not any(
            rect.holds(point) for b in self._bands(rect) for point in self.points.get(b, ())
        )

    def _bands(self, rect: Rect) -> range:
        return range(int(rect.y // _BAND), int(rect.bottom // _BAND) + 1)


def label_rects(
    sizes: Sequence[tuple[float, float]],
    paths: Sequence[Path],
    taken: Iterable[Rect],
    borders: Iterable[Rect],
) -> tuple[Rect, ...]:
    """Return a rectangle of the given size beside its arrow for every label.

    It avoids `taken` rectangles and other labels, and if possible arrows and `borders`."""
    lines = [points(path) for path in paths]
    occupied = _Occupied()
    for rect in taken:
        occupied.add(rect)
    for border in borders:
        occupied.add_line(_outline(border))
    for line in lines:
        occupied.add_line(line)
        x, y = line[-1]
        occupied.add(Rect(x - TIP / 2, y - TIP, TIP, TIP))
    placed: list[Rect] = []
    for size, line in zip(sizes, lines, strict=True):
        place = _free_place(_places(line, *size), occupied)
        occupied.add(place)
        placed.append(place)
    return tuple(placed)


def _outline(rect: Rect) -> Iterator[Point]:
    """Yield points on the sides of a rectangle, so dense that any label on a side contains one."""
    for i in range(int(rect.width // 4) + 1):
        yield from ((rect.x + 4 * i, rect.y), (rect.x + 4 * i, rect.bottom))
    for i in range(int(rect.height // 4) + 1):
        yield from ((rect.x, rect.y + 4 * i), (rect.right, rect.y + 4 * i))


def _free_place(places: Iterable[Rect], occupied: _Occupied) -> Rect:
    """Return the first free rectangle, or the first free of rectangles, or the first of all."""
    first, clear = None, None
    for place in places:
        first = first or place
        if occupied.clear_of_rects(place):
            clear = clear or place
            if occupied.clear_of_lines(place):
                return place
    found = clear or first
    assert found is not None, "a line has places beside it"
    return found


def _places(line: list[Point], width: float, height: float) -> Iterator[Rect]:
    """Yield rectangles beside a line, from its middle outwards, right before left."""
    middle = (len(line) - 1) / 2
    for i in sorted(range(len(line)), key=lambda i: abs(i - middle)):
        x, y = line[i]
        for left in (x + BESIDE, x - BESIDE - width):
            for lift in (0.5, 1.2, -0.2):
                yield Rect(left, y - lift * height, width, height)
