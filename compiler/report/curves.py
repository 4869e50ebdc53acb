"""Line charts over epochs as SVG, which follow the page's light or dark mode."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT = 460.0, 270.0
LEFT, RIGHT, TOP, BOTTOM = 58.0, 14.0, 34.0, 40.0
TEXT = 12
_LOGARITHMIC = 30.0
"""Ratio of the largest to the smallest value above which a loss has a logarithmic axis."""

COLOURS = ("#2f6fb7", "#c05621", "#2f855a", "#805ad5", "#b83280", "#718096")
DASHES = ("", "6 4", "2 3", "9 3 2 3", "1 2", "12 4")


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name and points, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Scale:
    """The mapping from values to positions."""

    low: float
    high: float
    start: float
    stop: float
    logarithmic: bool = False

    def of(self, value: float) -> float:
        """Return the position of a value."""
        low, high, value = (
            math.log(v) if self.logarithmic else v for v in (self.low, self.high, value)
        )
        return self.start + (self.stop - self.start) * (value - low) / ((high - low) or 1.0)

    def ticks(self) -> list[float]:
        """Return round values within the scale."""
        return _decades(self.low, self.high) if self.logarithmic else nice(self.low, self.high)


def curves(title: str, series: Sequence[Series], *, share: bool = False) -> str:
    """Draw lines as SVG; `share`: the values are shares, shown in per cent."""
    drawn = [line for line in series if line.points]
    xs = [x for line in drawn for x, _ in line.points]
    ys = [y for line in drawn for _, y in line.points]
    across = Scale(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    up = upward(ys, share)
    label: Callable[[float], str] = percent if share else short
    parts = [*_axes(across, up, label), *_lines(drawn, across, up), *_legend(drawn)]
    said = f"{title}: " + "; ".join(_said(line, label) for line in drawn)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" '
        f'class="nnc-curves" font-family="system-ui, sans-serif" font-size="{TEXT}">'
    )
    return "\n".join([head, f"<title>{escape(said)}</title>", *parts, "</svg>"]) + "\n"


def _said(line: Series, label: Callable[[float], str]) -> str:
    first, last = line.points[0][1], line.points[-1][1]
    return f"{line.name} from {label(first)} to {label(last)}"


def upward(values: Sequence[float], share: bool) -> Scale:
    """Return the scale of the axis on the left, with room above and below the values."""
    low, high = min(values), max(values)
    if not share and is_wide(values):
        return Scale(low / 1.1, high * 1.1, HEIGHT - BOTTOM, TOP, logarithmic=True)
    room = 0.05 * (high - low) or 0.05 * abs(high) or 0.5
    ends = (low - room, high + room)
    if low >= 0:
        ends = (max(0.0, ends[0]), min(1.0, ends[1]) if share else ends[1])
    return Scale(*ends, HEIGHT - BOTTOM, TOP)


def is_wide(values: Sequence[float]) -> bool:
    """Return whether values span a range that needs a logarithmic axis."""
    return min(values) > 0 and max(values) / min(values) > _LOGARITHMIC


def nice(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return about `wanted` round numbers from low to high."""
    size = (high - low) / wanted
    if not size > 0 or not math.isfinite(size):
        return [low]
    power = 10.0 ** math.floor(math.log10(size))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= size * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [i * step for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _decades(low: float, high: float) -> list[float]:
    """Return powers of ten; if there are few, also 2 and 5 times these."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    few = len(powers) <= 4
    marks = [m * 10.0**p for p in powers for m in ((1, 2, 5) if few else (1,))]
    return [mark for mark in marks if low <= mark <= high]


def frame(
    up: Scale, label: Callable[[float], str], ticks: Iterable[tuple[float, str]]
) -> Iterator[str]:
    """Yield the lines of a panel's scale, the marks below it at these positions, and its axis."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    for tick in up.ticks():
        y = up.of(tick)
        yield f'<path d="M{LEFT:g} {y:.1f}H{right:g}" stroke="currentColor" stroke-opacity="0.15"/>'
        yield f'<text x="{LEFT - 8:g}" y="{y + 4:.1f}" text-anchor="end" opacity="0.75">{label(tick)}</text>'
    for x, text in ticks:
        yield f'<path d="M{x:.1f} {bottom:g}v4" stroke="currentColor" stroke-opacity="0.5"/>'
        yield (
            f'<text x="{x:.1f}" y="{bottom + 17:g}" text-anchor="middle" opacity="0.75">'
            f"{escape(text)}</text>"
        )
    yield f'<path d="M{LEFT:g} {bottom:g}H{right:g}" stroke="currentColor" stroke-opacity="0.5"/>'


def _axes(across: Scale, up: Scale, label: Callable[[float], str]) -> Iterator[str]:
    yield '<g fill="currentColor" stroke="none">'
    epochs = (tick for tick in across.ticks() if tick == int(tick))
    yield from frame(up, label, ((across.of(tick), str(int(tick))) for tick in epochs))
    middle = (LEFT + WIDTH - RIGHT) / 2
    yield f'<text x="{middle:g}" y="{HEIGHT - 6:g}" text-anchor="middle" opacity="0.75">epoch</text>'
    yield "</g>"


def _lines(drawn: Sequence[Series], across: Scale, up: Scale) -> Iterator[str]:
    for at, line in enumerate(drawn):
        places = [(across.of(x), up.of(y)) for x, y in line.points]
        if len(places) == 1:
            x, y = places[0]
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" {_ink("fill", at)}/>'
            continue
        way = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield (
            f'<path d="M{way}" fill="none" stroke-width="2" stroke-linejoin="round" '
            f'{_ink("stroke", at)}{_dash(at)}/>'
        )


def _legend(drawn: Sequence[Series]) -> Iterator[str]:
    x = LEFT
    for at, line in enumerate(drawn):
        yield f'<path d="M{x:g} 14h26" stroke-width="2" {_ink("stroke", at)}{_dash(at)}/>'
        yield f'<text x="{x + 32:g}" y="18" fill="currentColor">{escape(line.name)}</text>'
        x += 32 + len(line.name) * 6.6 + 18


def _ink(attribute: str, at: int) -> str:
    place = at % len(COLOURS)
    return f'{attribute}="{COLOURS[place]}" class="nnc-{attribute}{place}"'


def _dash(at: int) -> str:
    dash = DASHES[at % len(DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def percent(value: float) -> str:
    """Format a share for an axis."""
    return f"{100 * value:.4g} %"


def short(value: float) -> str:
    """Format a number for an axis."""
    return f"{value:.3g}"
