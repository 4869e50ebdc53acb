"""Answers that lead elsewhere: definition, references, highlights, renaming."""

from __future__ import annotations

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from ..editor.relations import (
    Refused,
    definition_at,
    references_at,
    renamable,
    rename,
)
from .convert import location, offset_of, range_of, workspace_edit
from .documents import Document, Documents
from .registry import answers


class _RenameRefused(JsonRpcException):
    """A renaming that would be wrong, as the protocol answers it."""

    CODE = -32803
    MESSAGE = "RequestFailed"


@answers(types.TEXT_DOCUMENT_DEFINITION)
def definition(
    documents: Documents, document: Document, params: types.DefinitionParams
) -> types.Location | None:
    """Where a name is defined, in this file or an included one."""
    span = definition_at(documents.study(document), offset_of(document, params.position))
    return location(documents, span) if span is not None else None


@answers(types.TEXT_DOCUMENT_REFERENCES)
def references(
    documents: Documents, document: Document, params: types.ReferenceParams
) -> list[types.Location]:
    """All places of a name, also in other specs that share the file it is defined in."""
    found = references_at(documents.around(document), offset_of(document, params.position))
    wanted = params.context.include_declaration
    return [location(documents, m.span) for m in found if wanted or not m.defines]


@answers(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
def highlights(
    documents: Documents, document: Document, params: types.DocumentHighlightParams
) -> list[types.DocumentHighlight]:
    """The places of a name in this file."""
    found = references_at([documents.study(document)], offset_of(document, params.position))
    return [
        types.DocumentHighlight(
            range_of(document.lines, m.span.start, m.span.stop),
            types.DocumentHighlightKind.Write if m.defines else types.DocumentHighlightKind.Read,
        )
        for m in found
        if m.span.source is document.source
    ]


@answers(types.TEXT_DOCUMENT_PREPARE_RENAME)
def prepare_rename(
    documents: Documents, document: Document, params: types.PrepareRenameParams
) -> types.Range:
    """The range of a name that can be renamed."""
    try:
        span = renamable(documents.study(document), offset_of(document, params.position))
    except Refused as error:
        raise _RenameRefused(str(error)) from None
    return range_of(document.lines, span.start, span.stop)


@answers(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
def renamed(
    documents: Documents, document: Document, params: types.RenameParams
) -> types.WorkspaceEdit:
    """The edits that rename something in all files, if the specs then mean the same."""
    studies = documents.around(document)
    try:
        made = rename(studies, offset_of(document, params.position), params.new_name)
    except Refused as error:
        raise _RenameRefused(str(error)) from None
    return workspace_edit(documents, studies, made.edits)
