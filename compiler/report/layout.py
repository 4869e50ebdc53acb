"""Layered layout of a picture's boxes: rows by depth, few crossings, straight long arrows.

The method of Sugiyama, Tagawa and Toda (1981): every box is assigned to a row; an arrow that skips
rows passes through a narrow lane in each of them; the order in a row is found by sweeps that put
each cell near its neighbours, and the positions by least squares under the condition that cells
keep their distance."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

import networkx as nx

GAP = 28.0
"""Minimum distance between two cells of a row."""

_SWEEPS = 12
_PLACE_SWEEPS = 80
_STRAIGHT = 8.0

Cell = str
"""A box's id, or the name of a lane, in which an arrow passes a row."""

Near = Mapping[Cell, tuple[list[Cell], list[Cell]]]
"""For every cell its neighbours above and below, once for each arrow."""


@dataclass(frozen=True, slots=True)
class Route:
    """The cells that an arrow passes, including its two boxes; `arrow` is its index."""

    arrow: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows of cells from left to right, the centre of each cell, and the arrows' routes."""

    rows: tuple[tuple[Cell, ...], ...]
    centre: Mapping[Cell, float]
    routes: tuple[Route, ...]

    def steps(self) -> Iterator[tuple[int, Cell, Cell]]:
        """Yield every step of every route from one row (by its number) down to the next."""
        row = {cell: i for i, cells in enumerate(self.rows) for cell in cells}
        for route in self.routes:
            yield from ((row[a], a, b) for a, b in pairwise(route.cells))


def layout(
    arrows: Sequence[tuple[Cell, Cell]],
    widths: Mapping[Cell, float],
    lane: float,
    first: Collection[Cell] = (),
    last: Collection[Cell] = (),
) -> Layout:
    """Place boxes of the given widths; `lane` is the width of an arrow that passes a row.

    The boxes in `first` have the first row to themselves, those in `last` the last."""
    rank = _ranks(arrows, widths, first, last)
    rows, routes = _rows(arrows, rank)
    width = dict(widths)
    for route in routes:
        width |= dict.fromkeys(route.cells[1:-1], lane)
    near = _neighbours(rows, routes)
    rows = _ordered(rows, near)
    return Layout(tuple(map(tuple, rows)), _centres(rows, near, width), tuple(routes))


def _ranks(
    arrows: Iterable[tuple[Cell, Cell]],
    boxes: Iterable[Cell],
    first: Collection[Cell],
    last: Collection[Cell],
) -> dict[Cell, int]:
    """Return the row of every box; a source is directly above the first box that uses it."""
    graph: nx.DiGraph[Cell] = nx.DiGraph()
    graph.add_nodes_from(boxes)
    graph.add_edges_from(arrows)
    generations = list(nx.topological_generations(graph))
    rank = {cell: row for row, generation in enumerate(generations) for cell in generation}
    for cell in generations[0] if generations else ():
        rank[cell] = min((rank[c] for c in graph.successors(cell)), default=1) - 1
    inner = {row for cell, row in rank.items() if cell not in first and cell not in last}
    row_of = {row: i for i, row in enumerate(sorted(inner), start=1 if first else 0)}
    end = len(row_of) + (1 if first else 0)
    ends = dict.fromkeys(first, 0) | dict.fromkeys(last, end)
    return {cell: ends[cell] if cell in ends else row_of[row] for cell, row in rank.items()}


def _rows(
    arrows: Sequence[tuple[Cell, Cell]], rank: Mapping[Cell, int]
) -> tuple[list[list[Cell]], list[Route]]:
    rows: list[list[Cell]] = [[] for _ in range(max(rank.values(), default=-1) + 1)]
    for cell, row in rank.items():
        rows[row].append(cell)
    routes = []
    for index, (source, target) in enumerate(arrows):
        passed = range(rank[source] + 1, rank[target])
        lanes = [f"lane {index} {row}" for row in passed]
        for row, lane in zip(passed, lanes, strict=True):
            rows[row].append(lane)
        routes.append(Route(index, (source, *lanes, target)))
    return rows, routes


def _neighbours(rows: Iterable[Iterable[Cell]], routes: Iterable[Route]) -> Near:
    """Return the neighbours of every cell above and below, once for each arrow."""
    near: dict[Cell, tuple[list[Cell], list[Cell]]] = {c: ([], []) for row in rows for c in row}
    for route in routes:
        for upper, lower in pairwise(route.cells):
            near[upper][1].append(lower)
            near[lower][0].append(upper)
    return near


def _ordered(rows: Sequence[list[Cell]], near: Near) -> list[list[Cell]]:
    """Sort every row by the mean position of the neighbours, downwards and upwards in turn."""
    best = [list(row) for row in rows]
    fewest = _crossings(best, near)
    current = [list(row) for row in rows]
    place = {cell: i / len(row) for row in current for i, cell in enumerate(row)}
    for sweep in range(_SWEEPS if fewest else 0):
        down = sweep % 2 == 0
        for row in current if down else reversed(current):
            side = 0 if down else 1
            row.sort(key=lambda c: _mean([place[n] for n in near[c][side]], place[c]))
            place |= {cell: i / len(row) for i, cell in enumerate(row)}
        crossings = _crossings(current, near)
        if crossings < fewest:
            best, fewest = [list(row) for row in current], crossings
    return best


def _crossings(rows: Sequence[Sequence[Cell]], near: Near) -> int:
    total = 0
    for upper, lower in pairwise(rows):
        place = {cell: i for i, cell in enumerate(lower)}
        ends = [place[c] for cell in upper for c in sorted(near[cell][1], key=place.__getitem__)]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


def _centres(
    rows: Sequence[Sequence[Cell]],
    near: Near,
    width: Mapping[Cell, float],
) -> dict[Cell, float]:
    centre: dict[Cell, float] = {}
    for row in rows:
        at = -sum(width[cell] + GAP for cell in row) / 2
        for cell in row:
            centre[cell] = at + width[cell] / 2
            at += width[cell] + GAP
    pulls = {cell: _pulls(cell, near) for cell in centre}
    for sweep in range(_PLACE_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            weight = [sum(pulls[cell].values()) or 1.0 for cell in row]
            wanted = [_wanted(cell, pulls[cell], centre) for cell in row]
            placed = _apart(wanted, weight, [width[cell] for cell in row])
            centre.update(zip(row, placed, strict=True))
    _straighten(rows, near, width, centre)
    return centre


def _straighten(
    rows: Sequence[Sequence[Cell]],
    near: Near,
    width: Mapping[Cell, float],
    centre: dict[Cell, float],
) -> None:
    """Give all cells of an unbranched run the same position, if their neighbours leave space."""
    low: dict[Cell, Cell] = {b: a for row in rows for a, b in pairwise(row)}
    high: dict[Cell, Cell] = {a: b for row in rows for a, b in pairwise(row)}

    def apart(a: Cell, b: Cell) -> float:
        return (width[a] + width[b]) / 2 + GAP

    for run in _runs(rows, near):
        least = max((centre[low[c]] + apart(low[c], c) for c in run if c in low), default=-inf)
        most = min((centre[high[c]] - apart(c, high[c]) for c in run if c in high), default=inf)
        if least <= most:
            mean = sum(centre[c] for c in run) / len(run)
            centre.update(dict.fromkeys(run, min(max(mean, least), most)))


def _runs(rows: Sequence[Sequence[Cell]], near: Near) -> list[list[Cell]]:
    """Return the sequences of cells without branches, from the top."""
    runs: dict[Cell, list[Cell]] = {}
    for cell in (cell for row in rows for cell in row):
        above = near[cell][0]
        alone = len(above) == 1 and len(near[above[0]][1]) == 1
        run = runs[above[0]] if alone else []
        run.append(cell)
        runs[cell] = run
    return list({id(run): run for run in runs.values()}.values())


def _pulls(cell: Cell, near: Near) -> dict[Cell, float]:
    """Return the weight of each neighbour, larger in lanes and unbranched chains."""
    pulls: dict[Cell, float] = {}
    for side, back in ((0, 1), (1, 0)):
        others = near[cell][side]
        for other in others:
            straight = len(near[other][back]) == len(others) == 1
            pulls[other] = pulls.get(other, 0.0) + (_STRAIGHT if straight else 1.0)
    return pulls


def _wanted(cell: Cell, pulls: Mapping[Cell, float], centre: Mapping[Cell, float]) -> float:
    total = sum(pulls.values())
    if not total:
        return centre[cell]
    return sum(centre[other] * pull for other, pull in pulls.items()) / total


def _apart(wanted: Sequence[float], weight: Sequence[float], width: Sequence[float]) -> list[float]:
    """Return the positions nearest to those wanted (least squares) at which cells do not overlap.

    After subtracting the widths of the left neighbours, the condition is that positions never
    decrease, which is solved by pooling adjacent violators."""
    offset = [0.0]
    for left, right in pairwise(width):
        offset.append(offset[-1] + (left + right) / 2 + GAP)
    pools: list[tuple[float, float, int]] = []
    for place, heft, shift in zip(wanted, weight, offset, strict=True):
        mean, total, count = place - shift, heft, 1
        while pools and pools[-1][0] > mean:
            other, more, cells = pools.pop()
            mean = (mean * total + other * more) / (total + more)
            total, count = total + more, count + cells
        pools.append((mean, total, count))
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [place + shift for place, shift in zip(flat, offset, strict=True)]


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise
