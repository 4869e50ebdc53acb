"""Formatting of a text or of a range, as edits of the lines that change."""

from __future__ import annotations

from ..diagnostics.model import Report
from ..format import format_source
from ..frontend.statements import split
from ..source import Source
from .edits import TextEdit, applied, line_edits


def formatted(source: Source) -> tuple[TextEdit, ...]:
    """Return the edits that give a text its canonical form; none if it cannot be read.

    The ends of its lines stay what most of them are."""
    text = format_source(source, Report())
    if text is None:
        return ()
    if source.text.count("\r\n") * 2 > source.text.count("\n"):
        text = text.replace("\n", "\r\n")
    return line_edits(source.text, text)


def formatted_range(source: Source, start: int, stop: int) -> tuple[TextEdit, ...]:
    """Return the edits of the statements that a range touches; they are formatted as wholes.

    A comment may move out of its statement: then what is between the statements is formatted too,
    and if that is not enough the whole text."""
    whole = formatted(source)
    if not whole:
        return ()
    old, new = source, Source(source.name, applied(source.text, whole))
    before, after = list(split(old)), list(split(new))
    touched = [i for i, s in enumerate(before) if s.start <= stop and start <= s.stop]
    if len(before) != len(after) or not touched:
        return () if not touched else whole
    first, last = touched[0], touched[-1]
    inner = TextEdit(
        before[first].start,
        before[last].stop,
        new.text[after[first].start : after[last].stop],
    )
    begin, end = first - 1, last + 1
    outer = TextEdit(
        before[begin].stop if begin >= 0 else 0,
        before[end].start if end < len(before) else len(old.text),
        new.text[
            after[begin].stop if begin >= 0 else 0 : (
                after[end].start if end < len(after) else len(new.text)
            )
        ],
    )
    for edit in (inner, outer):
        if _means_the_same(source, edit, new.text):
            changed = old.text[edit.start : edit.stop] != edit.text
            return (edit,) if changed else ()
    return whole


def _means_the_same(source: Source, edit: TextEdit, canonical: str) -> bool:
    """Return whether the rest, formatted too, is what the whole is."""
    part = format_source(Source(source.name, applied(source.text, (edit,))), Report())
    return part == canonical.replace("\r\n", "\n")
