"""From offsets and findings to the protocol's types."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from lsprotocol import types

from ..diagnostics.model import Diagnostic, Label, Severity
from ..diagnostics.site import address
from ..editor.columns import Lines
from ..editor.edits import TextEdit
from ..editor.study import Study
from ..source import Source, Span
from .documents import Document, Documents

_SEVERITY = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_FADED = ("unused",)
"""What is superfluous is shown faded: codes whose name begins so."""


def range_of(lines: Lines, start: int, stop: int) -> types.Range:
    """Return a range of lines and columns."""
    return types.Range(types.Position(*lines.place(start)), types.Position(*lines.place(stop)))


def offset_of(document: Document, position: types.Position) -> int:
    """Return the offset of a position."""
    return document.lines.offset(position.line, position.character)


def offsets_of(document: Document, range: types.Range) -> tuple[int, int]:
    """Return the offsets of a range, in order."""
    start, stop = offset_of(document, range.start), offset_of(document, range.end)
    return min(start, stop), max(start, stop)


def location(documents: Documents, span: Span) -> types.Location:
    """Return a place in any file."""
    lines = documents.lines_of(span.source)
    return types.Location(
        documents.uri_of(span.source.name), range_of(lines, span.start, span.stop)
    )


def text_edits(lines: Lines, edits: Iterable[TextEdit]) -> list[types.TextEdit]:
    """Return edits of one file."""
    return [types.TextEdit(range_of(lines, e.start, e.stop), e.text) for e in edits]


def workspace_edit(
    documents: Documents, studies: Iterable[Study], edits: Mapping[str, Iterable[TextEdit]]
) -> types.WorkspaceEdit:
    """Return edits of several files, whose texts are in some studies."""
    sources: dict[str, Source] = {}
    for study in studies:
        sources.update(study.wanted.sources)
        sources[study.source.name] = study.source
    return types.WorkspaceEdit(
        changes={
            documents.uri_of(name): text_edits(documents.lines_of(sources[name]), own)
            for name, own in edits.items()
        }
    )


def markdown(text: str) -> types.MarkupContent:
    """Return a text with Markdown."""
    return types.MarkupContent(types.MarkupKind.Markdown, text)


# --- findings -----------------------------------------------------------------------------


def diagnostics(documents: Documents, study: Study) -> list[types.Diagnostic]:
    """Return the findings of a spec; those in included files stand where the spec leads to them."""
    return [_diagnostic(documents, study, found) for found in study.found]


def _diagnostic(documents: Documents, study: Study, found: Diagnostic) -> types.Diagnostic:
    place, message = found.span, found.message
    if place.source is not study.source:
        file = place.source.name.rpartition("/")[2]
        message = f"{file}:{place.line}: {message}"
        place = _way_in(study, found)
    lines = documents.lines_of(study.source)
    return types.Diagnostic(
        range=range_of(lines, place.start, _visible(place)),
        message="\n".join([message, *_more(found)]),
        severity=_SEVERITY[found.severity],
        code=found.code.id,
        code_description=types.CodeDescription(address(found.code.id)),
        source="nnc",
        tags=[types.DiagnosticTag.Unnecessary] if found.code.name.startswith(_FADED) else None,
        related_information=list(_related(documents, study, found)),
    )


def _visible(place: Span) -> int:
    """Return the end of a place; an empty one is widened to a character of its line, if there is."""
    text = place.source.text
    ends = place.stop == place.start and text[place.stop : place.stop + 1] not in ("", "\n", "\r")
    return place.stop + ends


def _way_in(study: Study, found: Diagnostic) -> Span:
    """Return the call or include of the text through which a finding came."""
    for label in found.labels:
        if label.span.source is study.source:
            return label.span
    for mention in study.names.of(study.source):
        if mention.role.value == "file":
            return mention.span
    return study.source.span(0, 0)


def _more(found: Diagnostic) -> Iterator[str]:
    if found.here:
        yield found.here
    if found.shapes:
        yield f"shapes: {found.shapes}"
    yield from (f"note: {note}" for note in found.notes)
    if found.help:
        yield f"help: {found.help}"


def _related(
    documents: Documents, study: Study, found: Diagnostic
) -> Iterator[types.DiagnosticRelatedInformation]:
    labels = list(found.labels)
    if found.span.source is not study.source:
        labels.insert(0, Label(found.span, found.message))
    for label in labels:
        yield types.DiagnosticRelatedInformation(location(documents, label.span), label.text)
