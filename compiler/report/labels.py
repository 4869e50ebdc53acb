"""Places for the labels of arrows: beside the arrow, and clear of everything that is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from .rects import Path, Point, Rect, points

BESIDE = 6.0
"""Between an arrow and its label."""

TIP = 10.0
"""The size of an arrow's head."""

_BAND = 50.0


class _Occupied:
    """What is drawn already, in bands of equal height so that only what is near is asked."""

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
    """A place for every label of the given size beside its arrow.

    Clear of what is `taken`, of other labels, and if possible of arrows and `borders`.
    """
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
    """Points on the sides of a rectangle, close enough to fall into any label on them."""
    for i in range(int(rect.width // 4) + 1):
        yield from ((rect.x + 4 * i, rect.y), (rect.x + 4 * i, rect.bottom))
    for i in range(int(rect.height // 4) + 1):
        yield from ((rect.x, rect.y + 4 * i), (rect.right, rect.y + 4 * i))


def _free_place(places: Iterable[Rect], occupied: _Occupied) -> Rect:
    """The first place that is clear of everything, else of rectangles, else the first of all."""
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
    """Places beside a line, from its middle outwards, to the right before to the left."""
    middle = (len(line) - 1) / 2
    for i in sorted(range(len(line)), key=lambda i: abs(i - middle)):
        x, y = line[i]
        for left in (x + BESIDE, x - BESIDE - width):
            for lift in (0.5, 1.2, -0.2):
                yield Rect(left, y - lift * height, width, height)
