"""Spec text and places in it: the values every diagnostic and every origin comment is made of."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from .record import record

_NEWLINE = re.compile("\n")


def printable(text: str) -> str:
    """Return a text (a file name) on one line, without characters invalid in terminals or XML."""
    return "".join(c if c.isprintable() else "?" for c in text)


@dataclass(frozen=True, eq=False)
class Source:
    """One spec file: the name users know it by, and its text.

    Two sources are the same only if they are the same object, because two files may hold the
    same text.
    """

    name: str
    text: str = field(repr=False)

    @cached_property
    def line_starts(self) -> tuple[int, ...]:
        """Offset of the first character of every line."""
        return (0, *(match.end() for match in _NEWLINE.finditer(self.text)))

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self.line_starts, offset)
        return line, offset - self.line_starts[line - 1] + 1

    def line(self, number: int) -> str:
        """Text of one line (from 1), without its newline."""
        start = self.line_starts[number - 1]
        stop = self.text.find("\n", start)
        return self.text[start:] if stop < 0 else self.text[start:stop].removesuffix("\r")

    def span(self, start: int, stop: int) -> Span:
        """The characters from start up to but not including stop."""
        return Span(self, start, stop)


@record(frozen=True, slots=True)
class Span:
    """A half-open range of characters of one source."""

    source: Source
    start: int
    stop: int

    @property
    def text(self) -> str:
        """The characters themselves."""
        return self.source.text[self.start : self.stop]

    @property
    def line(self) -> int:
        """Line of the first character, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """Column of the first character, from 1."""
        return self.source.position(self.start)[1]

    @property
    def end(self) -> tuple[int, int]:
        """Line and column just after the last character, from 1."""
        return self.source.position(self.stop)

    def to(self, other: Span) -> Span:
        """The range from the start of this span to the end of the other one."""
        return Span(self.source, self.start, max(self.stop, other.stop))


NOWHERE = Span(Source("", ""), 0, 0)
"""The place of what stands in no spec, such as a default."""
