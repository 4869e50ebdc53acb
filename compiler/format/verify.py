"""Check that formatting preserved the meaning of a spec, before the result is written.

Nearly all statements have the same tokens before and after, with the same spacing where it
matters; then the parser would build the same tree, and is not run. Statements with differences
other than optional commas are parsed again and their trees compared.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from operator import itemgetter
from typing import cast

from ..diagnostics.model import Report
from ..frontend import ast
from ..frontend.lexical import lexical_fault
from ..frontend.parser import parse
from ..frontend.statements import CLOSING, OPENING, Statement, Token, split
from ..source import Source

Words = Mapping[int, str]
"""The canonical spelling of words written otherwise, by the offset of their start."""

_TEXT = itemgetter(1)
"""The text of a token."""

_AFTER_OPERAND = re.compile(r"[\w)\]]")


def verify(before: Sequence[Statement], file: ast.File, words: Words, formatted: Source) -> None:
    """Raise an error if the formatted spec has another meaning, which is a bug of the formatter."""
    after = tuple(split(formatted))
    if len(before) != len(after):
        raise _broken()
    parsed = file.statements
    doubtful = [
        i
        for i, pair in enumerate(zip(before, after, strict=True))
        if not _alike(*pair, parsed[i], words)
    ]
    if not doubtful:
        return
    again = parse(formatted, Report(), [after[i] for i in doubtful])
    if again.broken or not _same(tuple(parsed[i] for i in doubtful), again.statements, words):
        raise _broken()


def _broken() -> AssertionError:
    return AssertionError("the formatted spec would mean something else")


# --- by tokens --------------------------------------------------------------------------------


def _alike(before: Statement, after: Statement, parsed: ast.Statement, words: Words) -> bool:
    """Return whether two statements certainly have the same tree; that of the first is `parsed`.

    The tree depends on the texts of the tokens, on whether tokens touch at `(` and after a closing
    bracket, and on whether a sign touches only its operand. Where a word is `x`, only a comma
    elsewhere distinguishes it from a size; that is left to the parser.
    """
    one: Sequence[Token] = before.tokens
    other: Sequence[Token] = after.tokens
    if "x" in map(_TEXT, other) or lexical_fault(after):
        return False
    if not _reads(one, other, words):
        one, other = _less_commas(one, other, parsed)
        if not one or not _reads(one, other, words):
            return False
    return _as_close(before.source.text, one, after.source.text, other)


def _reads(one: Sequence[Token], other: Sequence[Token], words: Words) -> bool:
    """Return whether tokens have the same texts, as written or in the canonical spelling."""
    texts = list(map(_TEXT, other))
    if list(map(_TEXT, one)) == texts:
        return True
    return bool(words) and [words.get(token[2], token[1]) for token in one] == texts


def _less_commas(
    one: Sequence[Token], other: Sequence[Token], parsed: ast.Statement
) -> tuple[Sequence[Token], Sequence[Token]]:
    """Return both without optional commas; nothing if that is uncertain."""
    essential = _essential(one, None)
    others = _essential(other, _places(essential, parsed)) if essential else None
    return (essential, others) if essential and others else ((), ())


def _places(tokens: Sequence[Token], parsed: ast.Statement) -> set[int]:
    """Return the indices of tokens before which a comma is allowed: a directive's arguments."""
    if not isinstance(parsed, ast.Directive):
        return set()
    starts = {arg.span.start for arg in parsed.args[1:]}
    return {i for i, token in enumerate(tokens) if token.start in starts}


def _essential(tokens: Sequence[Token], places: set[int] | None) -> list[Token] | None:
    """Return the tokens without optional commas: after a last item, between arguments.

    None if such a comma may not be allowed. Outside brackets it is allowed at the `places`; if
    these are not given, the statement has been parsed already.
    """
    found: list[Token] = []
    lists: list[bool] = []
    dropped = 0
    for token, following in zip(tokens, (*tokens[1:], None), strict=True):
        text = token[1]
        if text in OPENING:
            lists.append(text == "[" or _is_called(found, token))
        elif text in CLOSING:
            lists.pop()
        elif text == "," and lists and following and following.text in CLOSING:
            if not lists[-1] or found[-1].text == "," or found[-1].text in OPENING:
                return None
            continue
        elif text == "," and not lists:
            if places is not None and (len(found) not in places or dropped == len(found)):
                return None
            dropped = len(found)
            continue
        found.append(token)
    return found


def _is_called(tokens: Sequence[Token], opener: Token) -> bool:
    """Return whether a parenthesis certainly encloses arguments, not a size component (`Tx(k)`)."""
    before = tokens[-1] if tokens else None
    touches = before is not None and before.stop == opener.start and before.kind == "word"
    return touches and before is not None and before.text[-1] != "x"


def _as_close(text: str, one: Sequence[Token], other_text: str, other: Sequence[Token]) -> bool:
    """Return whether tokens of equal texts touch equally, where that has a meaning."""
    previous = ""
    for i, (kind, token, start, _, _) in enumerate(one):
        if token == "(" or (previous in CLOSING and kind in ("word", "number")):
            if i and (one[i - 1][3] == start) != (other[i - 1][3] == other[i][2]):
                return False
        elif (
            token in ("+", "-")
            and _is_sign(text, start, one[i + 1 : i + 2])
            and not _is_sign(other_text, other[i][2], other[i + 1 : i + 2])
        ):
            return False
        previous = token
    return True


def _is_sign(text: str, start: int, following: Sequence[Token]) -> bool:
    """Return whether an operator touches only the next token, as a bare argument's sign must."""
    close = bool(following) and following[0].start == start + 1
    return close and not _AFTER_OPERAND.match(text[start - 1])


# --- by trees ---------------------------------------------------------------------------------


def _same(one: object, other: object, words: Words) -> bool:
    """Return whether two trees are equal except for spans and the spelling of words."""
    match one:
        case ast.Word(id, span) | ast.DimName(id, span):
            if not isinstance(other, ast.Word | ast.DimName):
                return False
            return other.id in (id, words.get(span.start, id))
        case tuple():
            if not isinstance(other, tuple) or len(one) != len(other):
                return False
            return all(_same(a, b, words) for a, b in zip(one, other, strict=True))
    if type(one) is not type(other):
        return False
    names = _parts(cast(Hashable, type(one)))
    if not names:
        return one == other
    return all(_same(getattr(one, n), getattr(other, n), words) for n in names)


@cache
def _parts(kind: Hashable) -> tuple[str, ...]:
    """Return the fields of a kind of node that affect the meaning."""
    if not is_dataclass(kind):
        return ()
    return tuple(f.name for f in fields(kind) if f.name != "span")
