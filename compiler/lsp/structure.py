"""Answers about a text's structure: outline, folding, colours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lsprotocol import types

from ..editor.colours import Colour, Coloured, coloured
from ..editor.outline import Symbol, folds, outline
from .convert import offsets_of, range_of
from .documents import Document, Documents
from .registry import answers

_SYMBOLS = {
    "let": types.SymbolKind.Constant,
    "block": types.SymbolKind.Module,
    "fn": types.SymbolKind.Function,
    "parameter": types.SymbolKind.Variable,
    "input": types.SymbolKind.Interface,
    "chain": types.SymbolKind.Array,
    "stage": types.SymbolKind.Field,
}
COLOURS = tuple(Colour)
LEGEND = types.SemanticTokensLegend([c.value for c in COLOURS], ["declaration"])


@answers(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
def document_symbols(
    documents: Documents, document: Document, params: types.DocumentSymbolParams
) -> list[types.DocumentSymbol]:
    """The statements, with the stages of each."""
    return [_symbol(document, symbol) for symbol in outline(documents.study(document))]


def _symbol(document: Document, symbol: Symbol) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        name=symbol.name or symbol.sort,
        kind=_SYMBOLS.get(symbol.sort, types.SymbolKind.Property),
        range=range_of(document.lines, symbol.start, symbol.stop),
        selection_range=range_of(document.lines, symbol.name_start, symbol.name_stop),
        detail=symbol.detail or None,
        children=[_symbol(document, child) for child in symbol.children],
    )


@answers(types.TEXT_DOCUMENT_FOLDING_RANGE)
def folding_ranges(
    documents: Documents, document: Document, params: types.FoldingRangeParams
) -> list[types.FoldingRange]:
    """Statements and brackets of several lines, and runs of comments."""
    return [
        types.FoldingRange(
            fold.first,
            fold.last,
            kind=types.FoldingRangeKind.Comment if fold.sort == "comment" else None,
        )
        for fold in folds(documents.study(document))
    ]


@answers(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
def all_colours(
    documents: Documents, document: Document, params: types.SemanticTokensParams
) -> types.SemanticTokens:
    """The kind of every word."""
    return _encoded(document, coloured(documents.study(document)))


@answers(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_RANGE, LEGEND)
def colours_in_range(
    documents: Documents, document: Document, params: types.SemanticTokensRangeParams
) -> types.SemanticTokens:
    """The kind of every word in a range."""
    start, stop = offsets_of(document, params.range)
    return _encoded(document, coloured(documents.study(document), start, stop))


def _encoded(document: Document, words: Iterable[Coloured]) -> types.SemanticTokens:
    return types.SemanticTokens([number for word in _numbers(document, words) for number in word])


def _numbers(document: Document, words: Iterable[Coloured]) -> Iterator[tuple[int, ...]]:
    """Yield five numbers for each word: its place relative to the one before, length, colour."""
    line = column = 0
    for word in words:
        at, begin = document.lines.place(word.start)
        _, end = document.lines.place(word.stop)
        same = at == line
        colour = COLOURS.index(word.colour)
        yield at - line, begin - column if same else begin, end - begin, colour, int(word.defines)
        line, column = at, begin
