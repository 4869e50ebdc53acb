"""Placement of boxes, frames and arrows: every frame is laid out separately, then as one box.

An arrow that enters or leaves a frame passes a port on its upper or lower side; the ports occupy
the first and the last row of the frame's own layout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .layout import GAP, Cell, Layout, layout
from .picture import Picture
from .rects import Path, Rect, around, moved

ROW_GAP, LANE, PORT_GAP = 50.0, 12.0, 18.0
_PORT = PORT_GAP - GAP  # width of a port, so that two in a row are PORT_GAP apart
HEAD, FOOT, SIDE = 30.0, 22.0, 12.0
"""Distances from a frame's upper side, lower side, and left and right side to its content."""

Sizes = Mapping[str, tuple[float, float]]
"""Width and height of every box, and of every frame's text by its number: `frame 0`."""


@dataclass(slots=True)
class Placed:
    """The placement: boxes by id, frames by number, arrows (or their part here) by number."""

    boxes: dict[str, Rect] = field(default_factory=dict)
    frames: dict[int, Rect] = field(default_factory=dict)
    paths: dict[int, Path] = field(default_factory=dict)
    outline: Rect = field(default_factory=lambda: Rect(0, 0, 0, 0))

    def move(self, x: float, y: float) -> None:
        """Move all content right and down."""
        self.boxes = {id: rect.moved(x, y) for id, rect in self.boxes.items()}
        self.frames = {number: rect.moved(x, y) for number, rect in self.frames.items()}
        self.paths = {number: moved(path, x, y) for number, path in self.paths.items()}
        self.outline = self.outline.moved(x, y)


def place(picture: Picture, sizes: Sizes) -> Placed:
    """Place a whole picture."""
    at: dict[str, list[int]] = {box.id: [] for box in picture.boxes}
    for number, arrow in enumerate(picture.arrows):
        at[arrow.source].append(number)
        at[arrow.target].append(number)
    return _Level(picture, sizes, at, list(at), range(len(picture.frames))).placed()


class _Level:
    """The direct content of a frame (or of the picture): boxes, and frames as single cells.

    `at` has the arrows that begin or end at each box, `frames` the frames within."""

    def __init__(
        self,
        picture: Picture,
        sizes: Sizes,
        at: Mapping[str, Sequence[int]],
        ids: Sequence[str],
        frames: Sequence[int],
    ) -> None:
        self.picture, self.sizes, self.at = picture, sizes, at
        self.inner: dict[Cell, Placed] = {}
        self.numbers: dict[Cell, int] = {}
        self.home: dict[str, Cell] = {id: id for id in ids}
        self.entries: list[float] = []
        self.exits: list[float] = []
        left = list(frames)
        while left:
            number, boxes = left[0], set(picture.frames[left[0]].boxes)
            stop = 1
            while stop < len(left) and picture.frames[left[stop]].boxes[0] in boxes:
                stop += 1
            self._add(number, left[1:stop])
            left = left[stop:]

    def _add(self, number: int, within: Sequence[int]) -> None:
        cell, boxes = f"frame {number}", self.picture.frames[number].boxes
        level = _Level(self.picture, self.sizes, self.at, boxes, within)
        placed = level.placed()
        _enclose(placed, level.entries, level.exits, self.sizes[cell][0])
        self.inner[cell], self.numbers[cell] = placed, number
        self.home.update(dict.fromkeys(boxes, cell))

    def placed(self) -> Placed:
        """Lay this level out."""
        ends = self._ends()
        sizes = {cell: self._size(cell) for cell in dict.fromkeys(self.home.values())}
        first = [a for a, _ in ends.values() if a not in sizes]
        last = [b for _, b in ends.values() if b not in sizes]
        sizes |= dict.fromkeys([*first, *last], (_PORT, 0.0))
        widths = {cell: width for cell, (width, _) in sizes.items()}
        grid = layout(list(ends.values()), widths, LANE, first, last)
        result, numbers = Placed(), list(ends)
        cells = self._put(result, grid, sizes)
        self._lead(result, grid, numbers, cells)
        self.entries = [grid.centre[cell] for cell in first]
        self.exits = [grid.centre[cell] for cell in last]
        result.outline = around(cells.values(), result.paths.values(), 0)
        return result

    def _ends(self) -> dict[int, tuple[Cell, Cell]]:
        """Return the end cells of this level's arrows; ports represent cells outside."""
        found = {}
        for number in sorted({number for id in self.home for number in self.at[id]}):
            arrow = self.picture.arrows[number]
            source, target = self.home.get(arrow.source), self.home.get(arrow.target)
            if source != target:
                found[number] = (source or f"{_ENTRY} {number}", target or f"{_EXIT} {number}")
        return found

    def _size(self, cell: Cell) -> tuple[float, float]:
        if cell in self.inner:
            return self.inner[cell].outline.width, self.inner[cell].outline.height
        return self.sizes[cell]

    def _put(self, result: Placed, grid: Layout, sizes: Sizes) -> dict[Cell, Rect]:
        """Return the rectangles of all cells, also ports and lanes; moves inner frames."""
        cells = {}
        for row, (top, height) in zip(grid.rows, _row_places(grid, sizes), strict=True):
            for cell in row:
                w, h = sizes.get(cell, (0.0, height))
                cells[cell] = Rect(grid.centre[cell] - w / 2, top + (height - h) / 2, w, h)
                if cell in self.inner:
                    self._settle(result, cell, cells[cell])
                elif cell in self.home:
                    result.boxes[cell] = cells[cell]
        return cells

    def _settle(self, result: Placed, cell: Cell, rect: Rect) -> None:
        inner = self.inner[cell]
        inner.move(rect.x - inner.outline.x, rect.y - inner.outline.y)
        result.boxes.update(inner.boxes)
        result.frames[self.numbers[cell]] = rect
        result.frames.update(inner.frames)

    def _lead(
        self, result: Placed, grid: Layout, numbers: Sequence[int], cells: Mapping[Cell, Rect]
    ) -> None:
        """Route the arrows: curves between the rows, straight through lanes and in frames."""
        leaves, enters = self._ports(grid, numbers, cells)
        for route in grid.routes:
            number = numbers[route.arrow]
            source, *lanes, target = route.cells
            stops = [(leaves[number], cells[source].bottom)]
            for lane in lanes:
                x, rect = grid.centre[lane], cells[lane]
                stops += [(x, rect.y), (x, rect.bottom)]
            stops.append((enters[number], cells[target].y))
            before, after = self._within(source, number), self._within(target, number)
            result.paths[number] = (*before[:-1], *stops, *after[1:])
        for inner in self.inner.values():
            result.paths = inner.paths | result.paths

    def _within(self, cell: Cell, number: int) -> Path:
        """Return the part of an arrow within a cell: nothing for a box."""
        return self.inner[cell].paths[number] if cell in self.inner else ()

    def _ports(
        self, grid: Layout, numbers: Sequence[int], cells: Mapping[Cell, Rect]
    ) -> tuple[dict[int, float], dict[int, float]]:
        """Return where arrows leave and enter their cells: in the order of their routes.

        In frames the order is fixed; arrows of one box that leave a frame can still be exchanged.
        """
        ways = {numbers[route.arrow]: route.cells for route in grid.routes}
        enters = {n: self._within(c[-1], n)[0][0] for n, c in ways.items() if c[-1] in self.inner}
        after = {
            n: enters.get(n, grid.centre[c[1]]) if len(c) == 2 else grid.centre[c[1]]
            for n, c in ways.items()
        }
        self._exchange(ways, after)
        leaves = {n: self._within(c[0], n)[-1][0] for n, c in ways.items() if c[0] in self.inner}
        before = {
            n: leaves.get(n, grid.centre[c[-2]]) if len(c) == 2 else grid.centre[c[-2]]
            for n, c in ways.items()
        }
        leaving = _grouped({n: c[0] for n, c in ways.items() if n not in leaves}, after)
        entering = _grouped({n: c[-1] for n, c in ways.items() if n not in enters}, before)
        return leaves | _spread(leaving, cells), enters | _spread(entering, cells)

    def _exchange(self, ways: Mapping[int, tuple[Cell, ...]], after: Mapping[int, float]) -> None:
        """Reorder arrows that leave a frame from one of its boxes, to avoid crossings."""
        alike: dict[tuple[Cell, str], list[int]] = {}
        for number, cells in ways.items():
            if cells[0] in self.inner:
                alike.setdefault((cells[0], self.picture.arrows[number].source), []).append(number)
        for (cell, _), group in alike.items():
            parts = sorted((self._within(cell, number) for number in group), key=lambda p: p[-1])
            group.sort(key=lambda number: (after[number], number))
            self.inner[cell].paths.update(zip(group, parts, strict=True))


_ENTRY, _EXIT = "in", "out"


def _grouped(
    cells: Mapping[int, Cell], order: Mapping[int, float]
) -> dict[tuple[Cell, ...], list[int]]:
    """Group the arrows at each cell in the given order; the ports of one side are one group."""
    groups: dict[str, list[int]] = {}
    for number in sorted(cells, key=lambda n: (order[n], n)):
        word = cells[number].partition(" ")[0]
        groups.setdefault(word if word in (_ENTRY, _EXIT) else cells[number], []).append(number)
    return {tuple(dict.fromkeys(cells[n] for n in group)): group for group in groups.values()}


def _spread(
    groups: Mapping[tuple[Cell, ...], Sequence[int]], cells: Mapping[Cell, Rect]
) -> dict[int, float]:
    """Return a position on its box for each arrow, or one of the positions of the ports."""
    places: dict[int, float] = {}
    for own, numbers in groups.items():
        centres = sorted(cells[cell].x + cells[cell].width / 2 for cell in own)
        if len(own) == 1:
            step = min(PORT_GAP, cells[own[0]].width / (len(numbers) + 1))
            first = centres[0] - step * (len(numbers) - 1) / 2
            centres = [first + step * i for i in range(len(numbers))]
        places.update(zip(numbers, centres, strict=True))
    return places


def _row_places(grid: Layout, sizes: Sizes) -> list[tuple[float, float]]:
    """Return the top and height of every row; arrows with a wide span need more space."""
    heights = [max(sizes[cell][1] for cell in row if cell in sizes) for row in grid.rows]
    reach = [0.0] * len(grid.rows)
    for row, upper, lower in grid.steps():
        reach[row] = max(reach[row], abs(grid.centre[upper] - grid.centre[lower]))
    places, top = [], 0.0
    for row, (height, far) in enumerate(zip(heights, reach, strict=True)):
        places.append((top, height))
        gap = ROW_GAP
        if not height:
            gap = HEAD
        elif heights[row + 1 : row + 2] == [0.0]:
            gap = FOOT
        top += height + gap + min(far / 8, ROW_GAP)
    return places


def _enclose(placed: Placed, entries: Sequence[float], exits: Sequence[float], text: float) -> None:
    """Put the outline of a frame around its content, symmetric to its ports.

    Its text is in the upper left corner, where no arrow may pass."""
    held = placed.outline
    ports = [*entries, *exits] or [held.x + held.width / 2]
    middle = sum(ports) / len(ports)
    reach = middle - min(entries) + text + 2 * SIDE if entries else text / 2 + SIDE
    half = max(middle - held.x + SIDE, held.right - middle + SIDE, reach)
    top, bottom = held.y - HEAD * (not entries), held.bottom + FOOT * (not exits)
    placed.outline = Rect(middle - half, top, 2 * half, bottom - top)
