"""Answers that change the text: formatting and repairs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from ..editor.actions import Action, actions, all_safe
from ..editor.formatting import formatted, formatted_range
from ..editor.study import Study
from .convert import diagnostics, offsets_of, text_edits, workspace_edit
from .documents import Document, Documents
from .registry import answers

FIX_ALL = "source.fixAll.nnc"


@answers(types.TEXT_DOCUMENT_FORMATTING)
def formatting(
    documents: Documents, document: Document, params: types.DocumentFormattingParams
) -> list[types.TextEdit]:
    """The canonical form; no edits where the text cannot be read."""
    return text_edits(document.lines, formatted(document.source))


@answers(types.TEXT_DOCUMENT_RANGE_FORMATTING)
def range_formatting(
    documents: Documents, document: Document, params: types.DocumentRangeFormattingParams
) -> list[types.TextEdit]:
    """The canonical form of the statements in a range."""
    start, stop = offsets_of(document, params.range)
    return text_edits(document.lines, formatted_range(document.source, start, stop))


@answers(
    types.TEXT_DOCUMENT_CODE_ACTION,
    types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL]),
)
def code_actions(
    documents: Documents, document: Document, params: types.CodeActionParams
) -> list[types.CodeAction]:
    """The repairs of what was found in a range, and all safe repairs at once."""
    only, study = params.context.only, documents.study(document)
    found: list[types.CodeAction] = []
    if _asked(only, types.CodeActionKind.QuickFix.value):
        found += _quick_fixes(documents, document, study, params.range)
    if _asked(only, FIX_ALL) and (edits := text_edits(document.lines, all_safe(study))):
        found.append(
            types.CodeAction(
                "make all safe repairs",
                kind=FIX_ALL,
                edit=types.WorkspaceEdit(changes={document.uri: edits}),
            )
        )
    return found


def _asked(only: Sequence[str] | None, kind: str) -> bool:
    """Return whether a kind of action, or one that contains it, is asked for."""
    return only is None or any(kind == k or kind.startswith(f"{k}.") or not k for k in only)


def _quick_fixes(
    documents: Documents, document: Document, study: Study, range: types.Range
) -> Iterator[types.CodeAction]:
    shown = dict(zip(study.found, diagnostics(documents, study), strict=True))
    for action in actions(study, *offsets_of(document, range)):
        yield _quick_fix(documents, study, action, shown[action.finding])


def _quick_fix(
    documents: Documents, study: Study, action: Action, shown: types.Diagnostic
) -> types.CodeAction:
    return types.CodeAction(
        action.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[shown],
        edit=workspace_edit(documents, [study], action.edits),
        is_preferred=None if action.silences else action.sure,
    )
