"""Answers to a reader: hints, hover, completion, signatures, lenses."""

from __future__ import annotations

from lsprotocol import types

from ..editor.completion import Item, complete
from ..editor.hover import hover
from ..editor.lenses import lenses
from ..editor.signature import signature
from .convert import markdown, offset_of, offsets_of, range_of
from .documents import Document, Documents
from .registry import answers

SHOW_GENERATED = "nnc.showGenerated"

_ITEMS = {
    "layer": types.CompletionItemKind.Class,
    "activation": types.CompletionItemKind.Function,
    "loss": types.CompletionItemKind.Class,
    "optimizer": types.CompletionItemKind.Class,
    "schedule": types.CompletionItemKind.Class,
    "metric": types.CompletionItemKind.Class,
    "argument": types.CompletionItemKind.Property,
    "option": types.CompletionItemKind.EnumMember,
    "statement": types.CompletionItemKind.Keyword,
    "stage": types.CompletionItemKind.Variable,
    "let": types.CompletionItemKind.Constant,
    "parameter": types.CompletionItemKind.Variable,
    "block": types.CompletionItemKind.Module,
    "fn": types.CompletionItemKind.Function,
    "function": types.CompletionItemKind.Function,
    "symbolic size": types.CompletionItemKind.TypeParameter,
    "file": types.CompletionItemKind.File,
}


@answers(types.TEXT_DOCUMENT_INLAY_HINT)
def inlay_hints(
    documents: Documents, document: Document, params: types.InlayHintParams
) -> list[types.InlayHint]:
    """The shape after every stage, and the number of its parameters."""
    documents.study(document)
    start, stop = offsets_of(document, params.range)
    return [
        types.InlayHint(
            position=types.Position(*document.lines.place(hint.stop)),
            label=hint.label,
            kind=types.InlayHintKind.Type,
            tooltip=hint.tooltip,
            padding_left=True,
        )
        for hint in document.hints
        if start <= hint.stop <= stop
    ]


@answers(types.TEXT_DOCUMENT_HOVER, slow=True)
def hovered(
    documents: Documents, document: Document, params: types.HoverParams
) -> types.Hover | None:
    """What is to be said of a word; of a stage, what it does here."""
    study, lines = documents.study(document), document.lines
    found = hover(study, offset_of(document, params.position), document.hints)
    if found is None:
        return None
    return types.Hover(markdown(found.text), range_of(lines, found.start, found.stop))


@answers(
    types.TEXT_DOCUMENT_COMPLETION,
    types.CompletionOptions(trigger_characters=[">", "=", "(", "[", ",", '"']),
)
def completion(
    documents: Documents, document: Document, params: types.CompletionParams
) -> types.CompletionList:
    """What may be written at a place."""
    offset = offset_of(document, params.position)

    def specs() -> list[str]:
        folder = document.source.name.rpartition("/")[0]
        names = (name.replace("\\", "/") for name in documents.disk.specs(folder))
        return [n.removeprefix(f"{folder}/") for n in names if n != document.source.name]

    items = complete(documents.study(document), offset, specs)
    return types.CompletionList(False, [_item(document, item, offset) for item in items])


def _item(document: Document, item: Item, offset: int) -> types.CompletionItem:
    return types.CompletionItem(
        label=item.label,
        kind=_ITEMS.get(item.sort, types.CompletionItemKind.Text),
        detail=item.detail or None,
        documentation=markdown(item.documentation) if item.documentation else None,
        sort_text=f"{item.rank}{item.label}",
        filter_text=item.label,
        text_edit=types.TextEdit(range_of(document.lines, item.start, offset), item.insert),
    )


@answers(
    types.TEXT_DOCUMENT_SIGNATURE_HELP,
    types.SignatureHelpOptions(trigger_characters=[" ", "(", ",", "="]),
)
def signature_help(
    documents: Documents, document: Document, params: types.SignatureHelpParams
) -> types.SignatureHelp | None:
    """The arguments of what is being written."""
    found = signature(documents.study(document), offset_of(document, params.position))
    if found is None:
        return None
    parameters = [
        types.ParameterInformation(span, markdown(text))
        for span, text in zip(found.ranges, found.texts, strict=True)
    ]
    about = markdown(found.summary) if found.summary else None
    active = len(parameters) if found.active is None else found.active
    made = types.SignatureInformation(found.label, about, parameters, active)
    return types.SignatureHelp([made], 0, active)


@answers(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())
def code_lenses(
    documents: Documents, document: Document, params: types.CodeLensParams
) -> list[types.CodeLens]:
    """What the network and each block cost, and the way to the generated module."""
    return [
        types.CodeLens(
            range_of(document.lines, lens.start, lens.stop),
            types.Command(
                lens.text,
                command=SHOW_GENERATED if lens.generates else "",
                arguments=[document.uri] if lens.generates else None,
            ),
        )
        for lens in lenses(documents.study(document))
    ]
