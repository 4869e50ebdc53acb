"""What a report says of somebody's own arrays: which are wrong, and by which mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArrayRow:
    """A given array: whether it is right, its error, the index of the largest one, a remark."""

    name: str
    right: bool
    error: str
    worst: str
    remark: str


@dataclass(frozen=True, slots=True)
class Advice:
    """A mistake: its slug and title, the right lines of NumPy, a line of generated code, and where it is."""

    slug: str
    title: str
    lines: str
    generated: str
    place: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Mistakes that together explain wrong arrays, and sentences that say why."""

    evidence: Sequence[str]
    mistakes: Sequence[Advice]


@dataclass(frozen=True, slots=True)
class Judged:
    """The arrays of a file or a program; `open` are sentences on what nothing explains."""

    file: str
    head: Sequence[str]
    arrays: Sequence[ArrayRow]
    explanations: Sequence[Explanation]
    open: Sequence[str]
    letters: str

    @property
    def wrong(self) -> int:
        """The number of wrong arrays."""
        return sum(not row.right for row in self.arrays)
