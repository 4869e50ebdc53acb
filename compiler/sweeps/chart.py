"""The chart of a sweep as SVG: one panel for each name, a dot for each training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ..report.curves import (
    COLOURS,
    HEIGHT,
    LEFT,
    RIGHT,
    TEXT,
    TOP,
    WIDTH,
    Scale,
    frame,
    is_wide,
    percent,
    short,
    upward,
)
from .ranking import JUDGE, Row, is_lower_better

ACROSS = 3
"""Panels side by side."""

EDGE = 22.0
"""Room between an axis and the first value."""

FIT = 7.0
"""Width of a letter."""

_DOT, _BEST = COLOURS[0], COLOURS[1]


@dataclass(frozen=True, slots=True)
class _Dot:
    """A training: its point's row, the place across, and its score (None: it did not finish)."""

    row: int
    x: float
    score: float | None
    told: str


def sweep_chart(rows: Sequence[Row], by: str) -> str:
    """Draw the scores of ranked rows against every name that varies; empty if there is none."""
    names = [n for n in rows[0].settings if len({row.settings[n] for row in rows}) > 1]
    scores = [s for row in rows for s in _scores(row, by) if s is not None]
    if not names or not scores:
        return ""
    share = by.startswith(("accuracy", "top_k"))
    up, label = upward(scores, share), percent if share else short
    across = min(len(names), ACROSS)
    width, height = WIDTH * across, HEIGHT * math.ceil(len(names) / ACROSS)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img" '
        f'class="nnc-curves" font-family="system-ui, sans-serif" font-size="{TEXT}">'
    )
    parts = [head, f"<title>{escape(_said(rows, by, label))}</title>"]
    for at, name in enumerate(names):
        place = f"translate({WIDTH * (at % ACROSS):g} {HEIGHT * (at // ACROSS):g})"
        parts += [f'<g transform="{place}">', *_panel(rows, name, by, up, label), "</g>"]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _said(rows: Sequence[Row], by: str, label: Callable[[float], str]) -> str:
    best, score = rows[0].settings, rows[0].mean(JUDGE, by)
    told = ", ".join(f"{name}={value}" for name, value in best.items())
    reached = "" if score is None else f": {label(score)}"
    return f"{JUDGE} {by} of {len(rows)} points; the best is {told}{reached}"


def _scores(row: Row, by: str) -> list[float | None]:
    return [found.score(JUDGE, by) if found.is_finished else None for found in row.outcomes]


def _panel(
    rows: Sequence[Row], name: str, by: str, up: Scale, label: Callable[[float], str]
) -> Iterator[str]:
    places, ticks = _across([row.settings[name] for row in rows])
    dots = [
        _Dot(at, places[row.settings[name]], score, _told(row))
        for at, row in enumerate(rows)
        for score in _scores(row, by)
    ]
    yield from _axes(up, label, ticks, name, f"{JUDGE} {by}")
    if all(_is_number(value) for value in places):
        yield from _trend(dots, up, is_lower_better(by))
    for dot in sorted(dots, key=lambda dot: -dot.row):
        yield _mark(dot, up)


def _across(values: Sequence[str]) -> tuple[dict[str, float], list[tuple[float, str]]]:
    """Return the place of each value, and the marks below the axis.

    Numbers stand on a scale, logarithmic where they span a wide range; words side by side."""
    different = list(dict.fromkeys(values))
    start, stop = LEFT + EDGE, WIDTH - RIGHT - EDGE
    if not all(map(_is_number, different)):
        step = (stop - start) / max(len(different) - 1, 1)
        words = {value: start + at * step for at, value in enumerate(sorted(different))}
        return words, [(x, value) for value, x in words.items()]
    numbers = {value: float(value) for value in different}
    low, high = min(numbers.values()), max(numbers.values())
    scale = Scale(low, high, start, stop, logarithmic=is_wide([low, high]) or _is_even(numbers))
    places = {value: scale.of(number) for value, number in numbers.items()}
    if len(different) <= 8 and _is_roomy(places):
        return places, [(x, value) for value, x in places.items()]
    return places, [(scale.of(tick), short(tick)) for tick in scale.ticks()]


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _is_even(numbers: dict[str, float]) -> bool:
    """Return whether each number is the same multiple of the one before: 16, 32, 64."""
    ordered = sorted(numbers.values())
    if len(ordered) < 3 or ordered[0] <= 0:
        return False
    steps = [math.log(b / a) for a, b in pairwise(ordered)]
    return max(steps) < 1.2 * min(steps)


def _is_roomy(places: dict[str, float]) -> bool:
    """Return whether the values fit side by side below the axis."""
    ordered = sorted((x, len(value) * FIT) for value, x in places.items())
    return all(b - a > (wide + other) / 2 + 4 for (a, wide), (b, other) in pairwise(ordered))


def _axes(
    up: Scale, label: Callable[[float], str], ticks: list[tuple[float, str]], name: str, score: str
) -> Iterator[str]:
    yield '<g fill="currentColor" stroke="none">'
    yield from frame(up, label, ticks)
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle:g}" y="{HEIGHT - 6:g}" text-anchor="middle">{escape(name)}</text>'
    yield f'<text x="{LEFT:g}" y="18" opacity="0.75">{escape(score)}</text>'
    yield "</g>"


def _trend(dots: Sequence[_Dot], up: Scale, lower: bool) -> Iterator[str]:
    """Yield a line through the best score at each value, where several points share each."""
    best: dict[float, float] = {}
    finished = [(dot.row, dot.x, dot.score) for dot in dots if dot.score is not None]
    for _, x, score in finished:
        best[x] = (min if lower else max)(score, best.get(x, score))
    if len(best) < 2 or len({row for row, _, _ in finished}) < 2 * len(best):
        return
    way = "L".join(f"{x:.1f} {up.of(best[x]):.1f}" for x in sorted(best))
    yield (
        f'<path d="M{way}" fill="none" stroke="{_DOT}" stroke-width="1.5" stroke-opacity="0.5" '
        'stroke-dasharray="4 3"/>'
    )


def _mark(dot: _Dot, up: Scale) -> str:
    """Return a dot; a cross at the top for a training that did not finish; a ring for the best."""
    told = f"<title>{escape(dot.told)}</title>"
    if dot.score is None:
        return (
            f'<path d="M{dot.x - 4:.1f} {TOP - 4:g}l8 8m0 -8l-8 8" stroke="#c53030" '
            f'stroke-width="1.8">{told}</path>'
        )
    y = up.of(dot.score)
    if dot.row == 0:
        return (
            f'<circle cx="{dot.x:.1f}" cy="{y:.1f}" r="6" fill="{_BEST}" stroke="currentColor" '
            f'stroke-opacity="0.6">{told}</circle>'
        )
    return f'<circle cx="{dot.x:.1f}" cy="{y:.1f}" r="4" fill="{_DOT}" fill-opacity="0.65">{told}</circle>'


def _told(row: Row) -> str:
    settings = ", ".join(f"{name}={value}" for name, value in row.settings.items())
    return f"{settings}; {row.fault}" if row.fault else settings
