"""Recovery from syntax errors: the faulty stage is masked, and the statement is parsed again.

A long network is one statement, and an error in one stage must not hide errors in the others. The
masked stage becomes the word `_`, which the resolver treats as a stage known to be faulty; the text
keeps its length, so that all positions remain valid."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from ..diagnostics.codes import syntax
from ..diagnostics.model import Diagnostic
from .statements import CLOSING, DIRECTIVES, OPENING, Statement, Token, tokens_between
from .surroundings import operand_end, reading

MASK = "_"
"""The name of a stage that could not be parsed."""

_DEFINING = ("as", "let", "block", "fn")
_NO_STAGE = ("->", "=", ",", *OPENING)
_Rest = tuple[Statement, tuple[Token, ...]]


def mask_fault(statement: Statement, fault: Diagnostic) -> _Rest | None:
    """Return a statement with the faulty stage masked, and the masked text; None if empty."""
    if fault.code is syntax.LOOK_ALIKE:
        return _plain(statement)
    if rewritten := _rewritten(statement, fault):
        return rewritten
    tokens = statement.tokens
    at = next((i for i, t in enumerate(tokens) if t.start >= fault.span.start), len(tokens))
    if tokens[0].text in DIRECTIVES and statement.rule == "directive":
        return _without_value(statement, at)
    if fault.code is syntax.MISSING_KEYWORD or statement.rule not in ("chain", "block"):
        return None
    start = _stop(tokens, 0, ("=",)) + 1 if statement.rule == "block" else 0
    if not start <= at < len(tokens):
        return None
    if fault.code is syntax.UNCLOSED_BRACKET:
        stop = _end_of_values(statement, at)
        if stop:
            return _masked(statement, _piece(tokens, start, at, ("->",))[0], stop)
    beside = at
    if tokens[at].text == "->":
        filled = _filled(statement, at)
        if filled:
            return filled
        beside = at + 1 if at == start or tokens[at - 1].text in _NO_STAGE else at - 1
    for first, stop in _stages_around(statement, beside, start):
        first, stop = min(first, at), max(stop, at + 1)
        if first <= beside < stop:
            whole = (first, stop) == (0, len(tokens))
            defines = not first and any(t.text == "=" for t in tokens[:stop])
            return None if whole or defines else _masked(statement, first, stop)
    return None


def _end_of_values(statement: Statement, opener: int) -> int | None:
    """Return where the values in an unclosed bracket end: before the next arrow.

    None if stages may occur in the bracket, or if the following text may still belong to it."""
    tokens = statement.tokens
    if reading(statement, opener + 1) in ("fork", "group"):
        return None
    arrow = next((i for i in range(opener, len(tokens)) if tokens[i].text == "->"), None)
    if arrow is None:
        return None
    depth = 0
    for token in tokens[arrow:]:
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if depth < 0 or (not depth and token.text == ","):
            return None
    return arrow


def _without_value(statement: Statement, at: int) -> _Rest | None:
    """Return a directive whose value at or before a token is masked, if it was given by key.

    A key without a value is masked itself."""
    tokens = statement.tokens
    if 1 < at < len(tokens) and tokens[at].text == "=" and _has_no_value(tokens, at):
        return _masked(statement, at - 1, at + 1)
    keyed = [i for i in range(2, len(tokens)) if tokens[i - 1].text == "="]
    first = next((i for i in reversed(keyed) if i <= at), None)
    if first is None or first == len(tokens):
        return None
    stop = next((i - 2 for i in keyed if i > first + 1), len(tokens))
    return _masked(statement, first, stop) if first < stop and at < stop else None


def _has_no_value(tokens: Sequence[Token], equals: int) -> bool:
    after = tokens[equals + 1 : equals + 3]
    return not after or (len(after) == 2 and after[1].text == "=")


def lost_names(tokens: Sequence[Token], head: Token | None = None) -> set[str]:
    """Return the names that unread text may define, including the `head` of a statement."""
    named = {name.text for before, name in pairwise(tokens) if before.text in _DEFINING}
    return named | ({head.text} if head and head.text not in DIRECTIVES else set())


def _stages_around(statement: Statement, at: int, start: int) -> Iterator[tuple[int, int]]:
    """Yield first token and stop of the stages around a token, those in brackets first."""
    tokens = statement.tokens
    opened = [i for i in range(start, at) if tokens[i].text in OPENING]
    for opener in reversed(opened):
        closer = operand_end(statement, opener, 1)
        if closer and closer > at and reading(statement, opener + 1) in ("fork", "group"):
            yield _piece(tokens[:closer], opener + 1, at, ("->", ","))
    yield _piece(tokens, start, at, ("->",))


def _piece(
    tokens: Sequence[Token], first: int, at: int, separators: tuple[str, ...]
) -> tuple[int, int]:
    unclosed = _unclosed(tokens)
    stop = _stop(tokens, first, separators, unclosed)
    while stop < at:
        first, stop = stop + 1, _stop(tokens, stop + 1, separators, unclosed)
    return first, stop


def _stop(
    tokens: Sequence[Token],
    first: int,
    separators: tuple[str, ...],
    unclosed: Collection[int] = (),
) -> int:
    """Return the index of the next separator outside of brackets, or of the end."""
    depth = 0
    for i in range(first, len(tokens)):
        text = tokens[i].text
        if not depth and text in separators:
            return i
        opens = text in OPENING and i not in unclosed
        depth = max(0, depth + opens - (text in CLOSING))
    return len(tokens)


def _unclosed(tokens: Sequence[Token]) -> set[int]:
    """Return the unclosed brackets, whose content is uncertain."""
    opened: list[int] = []
    for i, token in enumerate(tokens):
        if token.text in OPENING:
            opened.append(i)
        elif token.text in CLOSING and opened:
            opened.pop()
    return set(opened)


def _masked(statement: Statement, first: int, stop: int) -> _Rest:
    tokens, text = statement.tokens, statement.reading
    begin, end = tokens[first].start, tokens[stop - 1].stop
    mask = Token("word", MASK, begin, begin + 1)
    rest = replace(
        statement,
        tokens=(*tokens[:first], mask, *tokens[stop:]),
        masked=text[:begin] + MASK.ljust(end - begin) + text[end:],
    )
    return rest, tokens[first:stop]


def _filled(statement: Statement, arrow: int) -> _Rest | None:
    """Insert a masked stage after an arrow that has a stage only before it."""
    tokens, text = statement.tokens, statement.reading
    at = tokens[arrow].stop
    if arrow == 0 or tokens[arrow - 1].text in _NO_STAGE:
        return None
    if at == len(text) and text[at - 3].isspace():
        at -= 1
        text = f"{text[: at - 2]}->{text[-1]}"
    if at == len(text) or text[at].strip("> \t\r\n;"):
        return None
    mask = Token("word", MASK, at, at + 1)
    rest = replace(
        statement,
        tokens=(*tokens[: arrow + 1], mask, *tokens[arrow + 1 :]),
        masked=text[:at] + MASK + text[at + 1 :],
    )
    return rest, ()


def _rewritten(statement: Statement, fault: Diagnostic) -> _Rest | None:
    """Return the statement with its fix applied, if no other word moves.

    Superfluous text (`nn.` before a name) becomes blanks; a replacement of the same length (`[1,
    2]` for `(1, 2)`) is inserted."""
    edits = next((fix.edits for fix in fault.fixes if fix.safe), ())
    if fault.code not in (syntax.UNEXPECTED_CHARACTER, syntax.UNEXPECTED_TOKEN) or not edits:
        return None
    text = statement.reading
    for edit in edits:
        start, stop, new = edit.span.start, edit.span.stop, edit.replacement
        if new.strip() and len(new) != stop - start:
            return None
        text = text[:start] + (new if new.strip() else " " * (stop - start)) + text[stop:]
    return _again(statement, text)


def _plain(statement: Statement) -> _Rest | None:
    """Return the statement with plain characters; a one-character arrow takes the next space."""
    text = statement.reading
    for token in statement.tokens:
        if token.kind == "twin":
            stop = max(token.stop, token.start + len(token.twin))
            if text[token.stop : stop].strip(" \t"):
                return None
            text = text[: token.start] + token.twin.ljust(stop - token.start) + text[stop:]
    return _again(statement, text)


def _again(statement: Statement, text: str) -> _Rest | None:
    """Return the statement with another text of the same length."""
    found = tokens_between(text, statement.start, statement.stop)
    tokens = tuple(token for token in found if token.kind != "newline")
    return (replace(statement, tokens=tokens, masked=text), ()) if tokens else None
