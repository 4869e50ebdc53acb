"""The lines of one source with marks under them, in the manner of rustc.

1 |   input 12x22x768
  |  _-
2 | |   -> conv 192 3x768
  | |___________________- two lines
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ...source import Source, Span
from .columns import DisplayLine, display_line, text_width, visible

GAP = "..."
WHOLE = 6
"""A marked range of so many lines is shown entire, a longer one without its middle."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A range to underline and what to write there; the primary one gets carets."""

    span: Span
    text: str
    primary: bool

    @property
    def sign(self) -> str:
        """What the range is underlined with."""
        return "^" if self.primary else "-"

    @property
    def first(self) -> int:
        """Line of the first character."""
        return self.span.line

    @property
    def last(self) -> int:
        """Line of the last character; a newline belongs to the line it ends."""
        stop = self.span.stop - 1 if self.span.stop > self.span.start else self.span.stop
        return self.span.source.position(stop)[0]


@dataclass(frozen=True, slots=True)
class _Underline:
    start: int
    stop: int
    text: str
    sign: str


class Snippet:
    """Every marked line of one source, ready to be printed."""

    def __init__(self, source: Source, marks: Sequence[Mark]) -> None:
        self.source = source
        self.single = [m for m in marks if m.first == m.last]
        many = [m for m in marks if m.first != m.last]
        self.spread = sorted(many, key=lambda m: (m.span.start, -m.span.stop))
        self.margin = len(self.spread) + 1 if self.spread else 0
        self.numbers = _without_small_gaps({n for m in marks for n in _shown(m)})

    @property
    def last(self) -> int:
        """The greatest line number shown."""
        return self.numbers[-1]

    def lines(self, width: int) -> Iterator[str]:
        """The text, line numbers in a gutter of the given width."""
        blank = " " * width + " |"
        previous = self.numbers[0] - 1
        for number in self.numbers:
            if number != previous + 1:
                yield (GAP.ljust(width + 3) + self._bars(number)).rstrip()
            previous = number
            line = self._display(number)
            bars = self._bars(number).ljust(self.margin)
            yield f"{number:{width}} | {bars}{line.text}".rstrip()
            for row in self._rows(number, line):
                yield f"{blank} {row}".rstrip()

    def _display(self, number: int) -> DisplayLine:
        return display_line(self.source.line(number), self._marked(number))

    def _marked(self, number: int) -> Iterator[int]:
        for mark in (*self.single, *self.spread):
            if mark.first == number:
                yield self._offset(mark.span.start, number)
            if mark.last == number:
                yield self._offset(mark.span.stop, number)

    def _offset(self, offset: int, number: int) -> int:
        start = self.source.line_starts[number - 1]
        return min(offset - start, len(self.source.line(number)))

    def _bars(self, number: int) -> str:
        """The bars of the ranges that come down to a line (and so through a gap before it)."""
        return "".join("|" if m.first < number <= m.last else " " for m in self.spread)

    def _rows(self, number: int, line: DisplayLine) -> Iterator[str]:
        bars = list(self._bars(number))
        underlines = [self._underline(m, number, line) for m in self.single if m.first == number]
        for row in _underline_rows(underlines):
            yield "".join(bars).ljust(self.margin) + row
        for index, mark in enumerate(self.spread):
            if mark.first == number:
                column = line.columns[self._offset(mark.span.start, number)]
                yield self._elbow(bars, index, column, " ") + mark.sign
                bars[index] = "|"
        for index, mark in reversed(list(enumerate(self.spread))):
            if mark.last == number:
                column = line.columns[max(0, self._offset(mark.span.stop, number) - 1)]
                yield f"{self._elbow(bars, index, column, '|')}{mark.sign} {visible(mark.text)}"
                bars[index] = " "

    def _elbow(self, bars: Sequence[str], index: int, column: int, corner: str) -> str:
        row = [*bars, " "] + [" "] * column
        row[index] = corner
        for at in range(index + 1, len(row)):
            row[at] = row[at] if row[at] == "|" else "_"
        return "".join(row)

    def _underline(self, mark: Mark, number: int, line: DisplayLine) -> _Underline:
        start = line.columns[self._offset(mark.span.start, number)]
        stop = line.columns[self._offset(mark.span.stop, number)]
        return _Underline(start, max(stop, start + 1), visible(mark.text), mark.sign)


def _shown(mark: Mark) -> Iterable[int]:
    lines = range(mark.first, mark.last + 1)
    return lines if len(lines) <= WHOLE else (*lines[:3], *lines[-2:])


def _without_small_gaps(numbers: set[int]) -> list[int]:
    """The line numbers in order; a single line left out between two is shown, too."""
    between = {n + 1 for n in numbers if n + 2 in numbers}
    return sorted(numbers | between)


def _underline_rows(marks: Sequence[_Underline]) -> Iterator[str]:
    """The signs with the last text beside them, then the other texts hanging from bars."""
    if not marks:
        return
    ordered = sorted(marks, key=lambda m: (m.start, m.stop, m.sign == "^"))
    signs = _signs(ordered)
    beside = ordered[-1] if all(m.stop <= ordered[-1].stop for m in ordered) else None
    yield f"{signs} {beside.text}" if beside else signs
    hanging = [m for m in ordered if m is not beside and m.text]
    if hanging:
        yield _bars_at(m.start for m in hanging)
    while hanging:
        mark = hanging.pop()
        above = _bars_at(m.start for m in hanging if m.start < mark.start)
        yield above + " " * (mark.start - text_width(above)) + mark.text


def _signs(marks: Sequence[_Underline]) -> str:
    row = [" "] * max(m.stop for m in marks)
    for mark in sorted(marks, key=lambda m: m.sign == "^"):
        row[mark.start : mark.stop] = mark.sign * (mark.stop - mark.start)
    return "".join(row)


def _bars_at(columns: Iterable[int]) -> str:
    places = set(columns)
    return "".join("|" if c in places else " " for c in range(max(places, default=-1) + 1))
