"""Diagnostics as text for people, in the manner of rustc; no colour, no terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from ...source import Source, Span
from ..model import Diagnostic, Severity
from .bounded import bounded
from .columns import visible
from .snippet import Mark, Snippet


def render_text(diagnostic: Diagnostic) -> str:
    """The whole finding: header, marked source lines of each file, advice; ends with a newline."""
    code = diagnostic.code
    header = f"{code.severity.value}[{code.id}]: {visible(diagnostic.message)}"
    return "\n".join([header, *_body(diagnostic)]) + "\n"


def render_all(diagnostics: Iterable[Diagnostic]) -> str:
    """All findings of a run for people, and the line that counts them; empty without findings."""
    found = list(diagnostics)
    if not found:
        return ""
    shown, left_out = bounded(found)
    return "\n".join(map(render_text, shown)) + f"\n{left_out}{render_summary(found)}\n"


def render_summary(diagnostics: Iterable[Diagnostic]) -> str:
    """One line that counts: `2 errors, 1 warning in model.nn`; empty without findings."""
    found = list(diagnostics)
    if not found:
        return ""
    counts = Counter(d.severity for d in found)
    kinds = ", ".join(_count(counts[s], s) for s in Severity if counts[s])
    files = dict.fromkeys(d.span.source.name for d in found)
    return f"{kinds} in {visible(next(iter(files))) if len(files) == 1 else f'{len(files)} files'}"


def place_text(span: Span) -> str:
    """`model.nn:3:6`; of a file that has no text, or could not be read, the name alone."""
    name = visible(span.source.name)
    return f"{name}:{span.line}:{span.column}" if span.source.text else name


def advice(diagnostic: Diagnostic) -> Iterator[tuple[str, str]]:
    """The notes under the snippet in order, each with the word it is introduced by."""
    if diagnostic.shapes:
        yield "shapes", diagnostic.shapes
    if diagnostic.help:
        yield "help", diagnostic.help
    for fix in diagnostic.fixes:
        if fix.title != diagnostic.help:
            yield "help", fix.title
    for note in diagnostic.notes:
        yield "note", note


def _body(diagnostic: Diagnostic) -> Iterator[str]:
    marks = [Mark(diagnostic.span, diagnostic.here, primary=True)]
    marks += [Mark(label.span, label.text, primary=False) for label in diagnostic.labels]
    snippets = [
        Snippet(source, [m for m in marks if m.span.source is source])
        for source in _sources(marks)
        if source.text
    ]
    width = 1 + len(str(max((s.last for s in snippets), default=1)))
    yield f"{' ' * width}--> {place_text(diagnostic.span)}"
    for index, snippet in enumerate(snippets):
        if index:
            first = next(m for m in marks if m.span.source is snippet.source)
            yield f"{' ' * width}::: {place_text(first.span)}"
        yield " " * width + " |"
        yield from snippet.lines(width)
        yield " " * width + " |"
    yield from _notes(diagnostic, width)


def _sources(marks: Iterable[Mark]) -> Iterable[Source]:
    return dict.fromkeys(mark.span.source for mark in marks)


def _notes(diagnostic: Diagnostic, width: int) -> Iterator[str]:
    explain = ("explain", f"nnc explain {diagnostic.code.id}")
    for word, text in (*advice(diagnostic), explain):
        start = f"{' ' * width} = {word}: "
        first, *rest = text.splitlines() or [""]
        yield start + visible(first)
        yield from (" " * len(start) + visible(line) for line in rest)


def _count(number: int, severity: Severity) -> str:
    plural = "" if number == 1 or severity is Severity.INFO else "s"
    return f"{number} {severity.value}{plural}"
