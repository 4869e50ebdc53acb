"""The picture of a network as SVG, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from itertools import chain, pairwise

from .layout import Cell, Layout, layout
from .picture import Box, Part, Picture

FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
NAME_SIZE, TEXT_SIZE, LABEL_SIZE = 13, 11, 11
LINE, PADDING, MARGIN = 16.0, 12.0, 16.0
ROW_GAP, LANE, PORT_GAP, BESIDE, TIP = 50.0, 12.0, 18.0, 6.0, 10.0
FRAME = 9.0  # between a frame and what it holds
_PIECES = 40
_ADVANCE = 0.61  # width of a character of a monospaced font, in its size

_COLOURS = {
    Part.INPUT: ("#e3effb", "#4a86c5"),
    Part.LAYER: ("#e9f5e4", "#5d9a4a"),
    Part.PLAIN: ("#f3f3f5", "#8b8b94"),
    Part.MERGE: ("#fdf2dc", "#cf9a3c"),
    Part.OUTPUT: ("#f2eafb", "#8a63b8"),
}
_INK, _FAINT_INK, _LINE_COLOUR = "#1f2933", "#52606d", "#76838f"

Point = tuple[float, float]
Path = tuple[Point, ...]
"""Stops of an arrow; between them it curves and passes each one vertically."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its corner and size."""

    x: float
    y: float
    width: float
    height: float

    def meets(self, other: Rect) -> bool:
        """Whether the two have a point in common."""
        across = self.x < other.x + other.width and other.x < self.x + self.width
        return across and self.y < other.y + other.height and other.y < self.y + self.height

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside."""
        x, y = point
        return self.x < x < self.x + self.width and self.y < y < self.y + self.height


@dataclass(frozen=True, slots=True)
class Drawing:
    """Where everything is drawn: a rectangle a box, a polyline and a label's rectangle an arrow.

    A frame has a rectangle, and one for its text beside it.
    """

    picture: Picture
    boxes: tuple[Rect, ...]
    paths: tuple[Path, ...]
    labels: tuple[Rect, ...]
    frames: tuple[tuple[Rect, Rect], ...] = ()

    @property
    def bounds(self) -> Rect:
        """Everything, with a margin."""
        rects = (*self.boxes, *self.labels, *chain.from_iterable(self.frames))
        xs = [x for r in rects for x in (r.x, r.x + r.width)] + [
            x for p in self.paths for x, _ in p
        ]
        ys = [y for r in rects for y in (r.y, r.y + r.height)]
        left, top = min(xs) - MARGIN, min(ys) - MARGIN
        return Rect(left, top, max(xs) + MARGIN - left, max(ys) + MARGIN - top)


def svg(picture: Picture) -> str:
    """The picture as an SVG document."""
    return "\n".join(_document(draw(picture))) + "\n"


def draw(picture: Picture) -> Drawing:
    """Give every box, arrow and label its place."""
    sizes = {box.id: _box_size(box) for box in picture.boxes}
    widths = {id: width for id, (width, _) in sizes.items()}
    placed = layout(picture, widths, [LANE] * len(picture.arrows))
    tops, heights = _row_places(placed, sizes)
    boxes = {}
    for row, top, height in zip(placed.rows, tops, heights, strict=True):
        for id in row:
            if id in sizes:
                w, h = sizes[id]
                boxes[id] = Rect(placed.centre[id] - w / 2, top + (height - h) / 2, w, h)
    paths = _paths(placed, boxes, tops, heights)
    frames = tuple(_framed(picture, boxes, paths))
    taken = [*boxes.values(), *(text for _, text in frames)]
    labels = _labels(picture, taken, paths)
    return Drawing(picture, tuple(boxes[box.id] for box in picture.boxes), paths, labels, frames)


def _framed(
    picture: Picture, boxes: Mapping[Cell, Rect], paths: tuple[Path, ...]
) -> Iterator[tuple[Rect, Rect]]:
    """A rectangle around each frame's boxes and what leads to them there, and its text's place."""
    for frame in picture.frames:
        own = [boxes[id] for id in frame.boxes]
        top, bottom = min(r.y for r in own), max(r.y + r.height for r in own)
        xs = [x for r in own for x in (r.x, r.x + r.width)]
        for arrow, path in zip(picture.arrows, paths, strict=True):
            if arrow.target in frame.boxes:
                xs += [x for x, y in points(path) if y >= top]
        room = FRAME * (1 + sum(set(f.boxes) < set(frame.boxes) for f in picture.frames))
        left, right = min(xs) - room, max(xs) + room
        rect = Rect(left, top - room, right - left, bottom - top + 2 * room)
        width = _width(frame.text, NAME_SIZE)
        yield rect, Rect(right + BESIDE, rect.y, width, NAME_SIZE * 1.2)


def _box_size(box: Box) -> tuple[float, float]:
    name, *others = box.lines
    width = max([_width(name, NAME_SIZE), *(_width(line, TEXT_SIZE) for line in others)])
    return max(width + 2 * PADDING, 64.0), LINE * len(box.lines) + 14.0


def _width(text: str, size: float) -> float:
    return len(text) * size * _ADVANCE


def _row_places(
    placed: Layout, sizes: Mapping[Cell, tuple[float, float]]
) -> tuple[list[float], list[float]]:
    """The top and the height of every row; arrows that go far aside get more room."""
    heights = [max(sizes[id][1] for id in row if id in sizes) for row in placed.rows]
    reach = [0.0] * len(placed.rows)
    for row, upper, lower in placed.steps():
        reach[row] = max(reach[row], abs(placed.centre[upper] - placed.centre[lower]))
    tops = [0.0]
    for height, far in zip(heights, reach, strict=True):
        tops.append(tops[-1] + height + ROW_GAP + min(far / 8, ROW_GAP))
    return tops[:-1], heights


def _paths(
    placed: Layout, boxes: Mapping[Cell, Rect], tops: list[float], heights: list[float]
) -> tuple[Path, ...]:
    """Every arrow's polyline: curves between the rows, straight through the lanes."""
    row_of = {cell: i for i, row in enumerate(placed.rows) for cell in row}
    leaves, enters = _ports(placed, boxes)
    paths = []
    for route in placed.routes:
        source, *lanes, target = route.cells
        stops = [(leaves[route.arrow], boxes[source].y + boxes[source].height)]
        for lane in lanes:
            x, row = placed.centre[lane], row_of[lane]
            stops += [(x, tops[row]), (x, tops[row] + heights[row])]
        stops.append((enters[route.arrow], boxes[target].y))
        paths.append(tuple(stops))
    return tuple(paths)


def _ports(placed: Layout, boxes: Mapping[Cell, Rect]) -> tuple[dict[int, float], dict[int, float]]:
    """Where on its boxes each arrow starts and ends: side by side, in the order of their ways."""
    leaving: dict[Cell, list[tuple[float, int]]] = {}
    entering: dict[Cell, list[tuple[float, int]]] = {}
    for route in placed.routes:
        after, before = placed.centre[route.cells[1]], placed.centre[route.cells[-2]]
        leaving.setdefault(route.cells[0], []).append((after, route.arrow))
        entering.setdefault(route.cells[-1], []).append((before, route.arrow))
    return _spread(leaving, boxes), _spread(entering, boxes)


def _spread(
    arrows: Mapping[Cell, list[tuple[float, int]]], boxes: Mapping[Cell, Rect]
) -> dict[int, float]:
    places: dict[int, float] = {}
    for id, ends in arrows.items():
        box = boxes[id]
        step = min(PORT_GAP, box.width / (len(ends) + 1))
        first = box.x + box.width / 2 - step * (len(ends) - 1) / 2
        places |= {arrow: first + step * i for i, (_, arrow) in enumerate(sorted(ends))}
    return places


def points(path: Path) -> list[Point]:
    """Points on an arrow, close together: x is a smoothstep between the stops, y even."""
    points = [path[0]]
    for (x0, y0), (x1, y1) in pairwise(path):
        steps = [i / _PIECES for i in range(1, _PIECES + 1)]
        points += [(x0 + (x1 - x0) * t * t * (3 - 2 * t), y0 + (y1 - y0) * t) for t in steps]
    return points


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
            self.points.setdefault(int(point[1] // ROW_GAP), []).append(point)

    def clear_of_rects(self, rect: Rect) -> bool:
        return not any(
            rect.meets(other) for b in self._bands(rect) for other in self.rects.get(b, ())
        )

    def clear_of_lines(self, rect: Rect) -> bool:
        return not any(
            rect.holds(point) for b in self._bands(rect) for point in self.points.get(b, ())
        )

    def _bands(self, rect: Rect) -> range:
        return range(int(rect.y // ROW_GAP), int((rect.y + rect.height) // ROW_GAP) + 1)


def _labels(picture: Picture, boxes: Iterable[Rect], paths: tuple[Path, ...]) -> tuple[Rect, ...]:
    """A place for every label beside its arrow, clear of boxes, labels and lines if possible."""
    lines = [points(path) for path in paths]
    occupied = _Occupied()
    for rect in boxes:
        occupied.add(rect)
    for line in lines:
        occupied.add_line(line)
        x, y = line[-1]
        occupied.add(Rect(x - TIP / 2, y - TIP, TIP, TIP))
    placed: list[Rect] = []
    for arrow, line in zip(picture.arrows, lines, strict=True):
        place = _free_place(list(_label_places(line, _width(arrow.label, LABEL_SIZE))), occupied)
        occupied.add(place)
        placed.append(place)
    return tuple(placed)


def _free_place(places: list[Rect], occupied: _Occupied) -> Rect:
    clear = [place for place in places if occupied.clear_of_rects(place)]
    free = (place for place in clear if occupied.clear_of_lines(place))
    return next(free, None) or (clear or places)[0]


def _label_places(line: list[Point], width: float) -> Iterator[Rect]:
    """Places beside a line, from its middle outwards, to the right before to the left."""
    middle, height = (len(line) - 1) / 2, LABEL_SIZE * 1.2
    for i in sorted(range(len(line)), key=lambda i: abs(i - middle)):
        x, y = line[i]
        for left in (x + BESIDE, x - BESIDE - width):
            for lift in (0.5, 1.2, -0.2):
                yield Rect(left, y - lift * height, width, height)


def _document(drawing: Drawing) -> Iterator[str]:
    bounds = drawing.bounds
    view = " ".join(f"{v:.1f}" for v in (bounds.x, bounds.y, bounds.width, bounds.height))
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{bounds.width:.0f}" '
        f'height="{bounds.height:.0f}" role="img" font-family="{FONT}">'
    )
    yield f"<title>{escape(drawing.picture.title)}</title>"
    yield (
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" '
        f'markerHeight="7" orient="auto"><path d="M0 0.6 L8 4 L0 7.4 Z" fill="{_LINE_COLOUR}"/>'
        "</marker></defs>"
    )
    for frame, (rect, text) in zip(drawing.picture.frames, drawing.frames, strict=True):
        yield (
            f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" '
            f'height="{rect.height:.1f}" rx="8" fill="none" stroke="{_LINE_COLOUR}" '
            'stroke-dasharray="5 4"/>'
        )
        style = f' font-size="{NAME_SIZE}" font-weight="bold" fill="{_LINE_COLOUR}"'
        yield _text(frame.text, text.x, text.y + NAME_SIZE * 0.95, style)
    yield f'<g fill="none" stroke="{_LINE_COLOUR}" stroke-width="1.4">'
    yield from (f'<path d="{_path_data(path)}" marker-end="url(#tip)"/>' for path in drawing.paths)
    yield "</g>"
    for box, rect in zip(drawing.picture.boxes, drawing.boxes, strict=True):
        yield from _box(box, rect)
    yield f'<g fill="{_LINE_COLOUR}" font-size="{LABEL_SIZE}">'
    for arrow, rect in zip(drawing.picture.arrows, drawing.labels, strict=True):
        yield _text(arrow.label, rect.x, rect.y + LABEL_SIZE * 0.95)
    yield "</g>"
    yield "</svg>"


def _box(box: Box, rect: Rect) -> Iterator[str]:
    fill, stroke = _COLOURS[box.part]
    round = rect.height / 2 if box.part in (Part.INPUT, Part.OUTPUT) else 6
    yield (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.width:.1f}" '
        f'height="{rect.height:.1f}" rx="{round:g}" fill="{fill}" stroke="{stroke}"/>'
    )
    middle, top = rect.x + rect.width / 2, rect.y + 7.0
    for i, line in enumerate(box.lines):
        size, ink = (NAME_SIZE, _INK) if i == 0 else (TEXT_SIZE, _FAINT_INK)
        bold = ' font-weight="bold"' if i == 0 else ""
        style = f' text-anchor="middle" font-size="{size}" fill="{ink}"{bold}'
        yield _text(line, middle, top + LINE * i + 12.0, style)


def _text(text: str, x: float, y: float, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}"{style}>{escape(text)}</text>'


def _path_data(path: Path) -> str:
    """Cubic Bézier curves that leave and reach every stop vertically."""
    parts = [f"M{path[0][0]:.1f} {path[0][1]:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(path):
        third = (y1 - y0) / 3
        parts.append(
            f"L{x1:.1f} {y1:.1f}"
            if abs(x1 - x0) < 0.05
            else f"C{x0:.1f} {y0 + third:.1f} {x1:.1f} {y1 - third:.1f} {x1:.1f} {y1:.1f}"
        )
    return " ".join(parts)
