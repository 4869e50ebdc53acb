"""Applying the safe fixes of findings to a spec's text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ..source import Source
from .model import Diagnostic, Edit, Fix, Report

ROUNDS = 100
"""So many times a text is repaired and checked again; each repairs at least one finding."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """A repaired spec, what is still to be said of it, and what was repaired in which order.

    The places of `repaired` are those of the text that the finding was made in.
    """

    source: Source
    report: Report
    repaired: tuple[tuple[Diagnostic, Fix], ...]


def fixed(source: Source, check: Callable[[Source], Report]) -> Fixed:
    """Apply safe fixes, and those that show up then, until there are none.

    Included files are left alone. A round that gives a text seen before ends it: fixes that undo
    each other must not go on for ever.
    """
    report, repaired, seen = check(source), [], {source.text}
    for _ in range(ROUNDS):
        chosen = list(_chosen(source, report))
        text = edited(source.text, (edit for _, fix in chosen for edit in fix.edits))
        if text in seen:
            break
        seen.add(text)
        repaired += chosen
        source = Source(source.name, text)
        report = check(source)
    return Fixed(source, report, tuple(repaired))


def left(done: Fixed) -> Iterator[tuple[Diagnostic, str]]:
    """The findings that have a fix which was not made, and why it was not."""
    for diagnostic in done.report:
        if not diagnostic.fixes:
            continue
        if any(edit.span.source is not done.source for f in diagnostic.fixes for edit in f.edits):
            yield diagnostic, "the file is only included"
        elif not any(fix.safe for fix in diagnostic.fixes):
            yield diagnostic, "may change the meaning"
        else:
            yield diagnostic, "cannot be made beside the others"


def edited(text: str, edits: Iterable[Edit]) -> str:
    """The text with every edit made; no two may overlap."""
    for edit in sorted(edits, key=lambda e: (e.span.start, e.span.stop), reverse=True):
        text = text[: edit.span.start] + edit.replacement + text[edit.span.stop :]
    return text


def _chosen(source: Source, report: Report) -> Iterator[tuple[Diagnostic, Fix]]:
    """The first safe fix of every finding in a source, less those that touch an earlier one's."""
    taken: list[tuple[int, int]] = []
    for diagnostic in report:
        fix = next((f for f in diagnostic.fixes if f.safe), None)
        if fix is None or any(edit.span.source is not source for edit in fix.edits):
            continue
        ranges = [(edit.span.start, edit.span.stop) for edit in fix.edits]
        if any(a <= stop and start <= b for start, stop in ranges for a, b in taken):
            continue
        taken += ranges
        yield diagnostic, fix
