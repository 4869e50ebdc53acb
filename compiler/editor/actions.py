"""Repairs: the fixes of findings, all safe ones at once, and comments that silence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ..diagnostics.fixing import fixed
from ..diagnostics.model import Diagnostic, Fix, Report, Severity
from ..driver import check
from ..source import Source
from .edits import TextEdit, line_edits
from .study import Study


@dataclass(frozen=True, slots=True)
class Action:
    """A repair to choose: the edits of each file by its name, and the finding that it answers.

    `sure`: it does not change what a valid spec means. `silences`: it only hides the finding."""

    title: str
    edits: Mapping[str, tuple[TextEdit, ...]]
    finding: Diagnostic
    sure: bool = False
    silences: bool = False


def actions(study: Study, start: int, stop: int) -> tuple[Action, ...]:
    """Return what can be done about the findings in a range of the text."""
    found = [d for d in study.found if _touches(d, study.source, start, stop)]
    return tuple(action for d in found for action in (*_fixes(d), *_silenced(d)))


def _touches(finding: Diagnostic, source: Source, start: int, stop: int) -> bool:
    """Return whether a finding, or a place where it can be repaired, is in a range."""
    edits = (edit.span for fix in finding.fixes for edit in fix.edits)
    return any(
        s.source is source and s.start <= stop and start <= s.stop for s in (finding.span, *edits)
    )


def _fixes(finding: Diagnostic) -> Iterator[Action]:
    for fix in finding.fixes:
        yield Action(fix.title, _edits(fix), finding, fix.safe)


def _edits(fix: Fix) -> Mapping[str, tuple[TextEdit, ...]]:
    found: dict[str, tuple[TextEdit, ...]] = {}
    for edit in fix.edits:
        name = edit.span.source.name
        made = TextEdit(edit.span.start, edit.span.stop, edit.replacement)
        found[name] = (*found.get(name, ()), made)
    return found


def _silenced(finding: Diagnostic) -> Iterator[Action]:
    """Yield the comment that silences a warning, unless its line has a comment already."""
    source = finding.span.source
    if finding.severity is Severity.ERROR:
        return
    line = source.line(finding.span.line)
    if "#" in line:
        return
    at = source.line_starts[finding.span.line - 1] + len(line.rstrip())
    text = f"  # nnc: ignore[{finding.code.id}]"
    title = f"silence {finding.code.id} on this line"
    yield Action(title, {source.name: (TextEdit(at, at, text),)}, finding, silences=True)


def all_safe(study: Study) -> tuple[TextEdit, ...]:
    """Return the edits that make all safe repairs, also those that show up behind others."""

    def judged(source: Source) -> Report:
        return check(source, study.load).report

    return line_edits(study.source.text, fixed(study.source, judged).source.text)
