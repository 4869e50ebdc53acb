"""Edits of a text: what changed between two texts, and the smallest edits that change one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class TextEdit:
    """Replace the characters from start up to stop."""

    start: int
    stop: int
    text: str


@dataclass(frozen=True, slots=True)
class Change:
    """The one range that differs between two texts: `start` to `stop` became `new` characters."""

    start: int
    stop: int
    new: int

    def moved(self, start: int, stop: int) -> tuple[int, int] | None:
        """Return where a range of the old text is in the new one; None if the change is in it."""
        if stop <= self.start:
            return start, stop
        more = self.new - (self.stop - self.start)
        return (start + more, stop + more) if start >= self.stop else None


def change_between(old: str, new: str) -> Change:
    """Return the smallest range outside of which two texts agree.

    >>> change_between("dense 30 relu", "dense 300 relu")
    Change(start=8, stop=8, new=1)
    """
    most = min(len(old), len(new))
    start = _common(most, lambda n: old.startswith(new[:n]))
    end = _common(most - start, lambda n: old.endswith(new[len(new) - n :]))
    return Change(start, len(old) - end, len(new) - end - start)


def _common(most: int, alike: Callable[[int], bool]) -> int:
    """Return the greatest number up to `most` that is alike, by bisection."""
    low, high = 0, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if alike(middle) else (low, middle - 1)
    return low


def line_edits(old: str, new: str) -> tuple[TextEdit, ...]:
    """Return edits of whole lines that turn one text into another, in order."""
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0]
    for line in before:
        starts.append(starts[-1] + len(line))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    return tuple(
        TextEdit(starts[a], starts[b], "".join(after[c:d]))
        for tag, a, b, c, d in matcher.get_opcodes()
        if tag != "equal"
    )


def applied(text: str, edits: Iterable[TextEdit]) -> str:
    """Return the text with edits made that do not overlap."""
    for edit in sorted(edits, key=lambda e: (e.start, e.stop), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.stop :]
    return text
