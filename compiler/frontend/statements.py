"""Splitting of a source into statements, before anything is parsed.

Each statement is then parsed by itself, so that a broken one leaves the others readable. A
newline ends a statement unless a bracket is open, the line ends in `->`, `=`, `,`, `:` or an
operator, or the next line begins with something that can only go on; `;` always ends one; and a
line that begins with a directive always begins one, so that a missing bracket is one error.

>>> [s.text for s in split(Source("a.nn", "input 3 -> # three\\n  dense 2; loss mse"))]
['input 3 -> # three\\n  dense 2', 'loss mse']
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate, compress, islice, repeat
from operator import itemgetter
from typing import Any, NamedTuple

from ..record import record
from ..source import Source, Span

DIRECTIVES = frozenset(
    {
        "block",
        "clip",
        "dtype",
        "include",
        "let",
        "loss",
        "metric",
        "model",
        "optimizer",
        "output",
        "regularize",
        "schedule",
        "train",
    }
)
"""The words that begin a statement at the start of any line; `input` begins a stage."""

OPENING = {"(": ")", "[": "]"}
"""The closing bracket of each opening one."""

CLOSING = frozenset(OPENING.values())
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**"})
COMPARING = frozenset({"<", ">", "!"})
"""The first characters of comparisons in formulas; elsewhere these are stray characters."""

OPERATORS = ARITHMETIC.union(("->", *"=:,;()[]"))

TWINS = {
    **dict.fromkeys("→⟶➔➜⇒⟹", "->"),
    **dict.fromkeys("–—−‐‑﹣－", "-"),
    **dict.fromkeys("“”„‟«»＂", '"'),
    **dict.fromkeys("‘’‚", '"'),
    **dict.fromkeys("×✕⨯", "x"),
    **dict.fromkeys("∗⋅·", "*"),
    **dict.fromkeys("\u00a0\u2007\u202f\u2009\u200b\ufeff", " "),
    "÷": "/",
    "（": "(",
    "）": ")",
    "［": "[",
    "］": "]",
    "，": ",",
    "；": ";",
    "：": ":",
    "＝": "=",
    "＊": "*",
}
"""Characters that resemble one of the language, with the plain form that they replace."""

_KINDS = {
    "space": r"(?:[ \t\r\f\v]|\#[^\n]*)+",
    "newline": r"\n",
    "string": r'"[^"\n]*"?',
    "number": r"\.?[0-9](?:[eE][+-](?=[0-9])|[A-Za-z0-9_.])*",
    "word": r"[A-Za-z_][A-Za-z0-9_]*",
    "twin": rf"[–—−]>|=>|[{''.join(TWINS)}]",
    "op": r"->|\*\*|//|[-+*/%=:,;()\[\]]",
    "other": r".",
}
_PIECE = re.compile("|".join(_KINDS.values()))
"""Every character of a text is in a piece, whose kind depends on its own text alone."""

_KIND = re.compile("|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS.items()))

_GOES_ON_AFTER = frozenset({"->", "=", ",", ":", "<", ">", *ARITHMETIC})
_GOES_ON_WITH = frozenset({"->", "*", "**", "as", ")", "]", ","})


_KIND_OF, _TEXT = itemgetter(0), itemgetter(1)
"""The fields of a token."""

_MARKS = frozenset({"\n", ";", *OPENING, *CLOSING, *"（）［］"})
"""The characters on which the ends of statements depend."""


class Token(NamedTuple):
    """A word, number, operator or stray character; `twin` is its plain form, if any."""

    kind: str
    text: str
    start: int
    stop: int
    twin: str = ""

    @property
    def plain(self) -> str:
        """Its text, or the plain form of it."""
        return self.twin or self.text


@record(frozen=True, slots=False)
class Statement:
    """The tokens of one statement, at least one.

    `masked` is the text to parse in place of the source's after faulty parts were masked."""

    source: Source
    tokens: tuple[Token, ...]
    masked: str = ""

    @property
    def start(self) -> int:
        """Offset of the first character."""
        return self.tokens[0].start

    @property
    def stop(self) -> int:
        """Offset just after the last character that is not comment or space."""
        return self.tokens[-1].stop

    @property
    def span(self) -> Span:
        """The span of the whole statement."""
        return self.source.span(self.start, self.stop)

    @property
    def reading(self) -> str:
        """The text to parse: that of the source, without masked parts."""
        return self.masked or self.source.text

    @property
    def text(self) -> str:
        """The text as written."""
        return self.span.text

    def span_of(self, token: Token) -> Span:
        """Return the span of one of its tokens."""
        return self.source.span(token.start, token.stop)

    def touches(self, index: int, text: str) -> bool:
        """Return whether a token has this text and directly follows the one before."""
        return (
            0 < index < len(self.tokens)
            and self.tokens[index].text == text
            and self.tokens[index - 1].stop == self.tokens[index].start
        )

    @cached_property
    def rule(self) -> str:
        """The grammar's rule for it: let, block, fn, directive or chain.

        An unknown first word without a top-level arrow makes a directive, so that `optimiser adam`
        can be answered with a suggestion."""
        first = self.tokens[0]
        if first.text in ("let", "block"):
            return first.text
        if defines_formula(self.tokens, 0):
            return "fn"
        if first.text in DIRECTIVES:
            return "directive"
        if first.kind != "word" or first.text == "input" or self._goes_on_as_stage():
            return "chain"
        return "chain" if self.touches(1, "(") else "directive"

    def _goes_on_as_stage(self) -> bool:
        depth = 0
        for token in self.tokens:
            depth += (token.text in OPENING) - (token.text in CLOSING)
            if depth == 0 and token.text in ("->", "as"):
                return True
        return False


def defines_formula(tokens: Sequence[Token], at: int) -> bool:
    """Return whether `fn NAME(…) =` or `fn NAME =` follows; elsewhere `fn` is an ordinary name."""
    if tokens[at].text != "fn" or len(tokens) < at + 3 or tokens[at + 1].kind != "word":
        return False
    depth = 0
    for token in islice(tokens, at + 2, None):
        if not depth and token.text not in OPENING and token.kind != "newline":
            return token.text == "="
        depth += (token.text in OPENING) - (token.text in CLOSING)
        if token.text in ("->", ";"):
            return False
    return False


def split(source: Source) -> Iterator[Statement]:
    """Yield the non-empty statements of a file, in order.

    Only newlines, `;` and brackets are inspected one by one; long statements have few of them."""
    text = source.text
    tokens = tokens_between(text, 1 if text.startswith("\ufeff") else 0, len(text))
    marks = compress(range(len(tokens)), map(_MARKS.__contains__, map(_TEXT, tokens)))
    begin = depth = 0
    for i in marks:
        mark = tokens[i].plain
        if mark == "\n":
            if begin == i:
                begin += 1
            elif not _begins(tokens, i, depth):
                continue
            else:
                yield _statement(source, tokens[begin:i])
                begin, depth = i + 1, 0
        elif tokens[i].text == ";":
            if begin < i:
                yield _statement(source, tokens[begin:i])
            begin, depth = i + 1, 0
        else:
            depth = max(0, depth + (mark in OPENING) - (mark in CLOSING))
    if begin < len(tokens):
        yield _statement(source, tokens[begin:])


def _statement(source: Source, tokens: list[Token]) -> Statement:
    if "newline" in map(_KIND_OF, tokens):
        tokens = [token for token in tokens if token.kind != "newline"]
    return Statement(source, tuple(tokens))


def _begins(tokens: Sequence[Token], newline: int, depth: int) -> bool:
    """Return whether the token after a newline begins a statement; on an empty line, the next does.

    There is a token before the newline."""
    token = tokens[newline + 1] if newline + 1 < len(tokens) else None
    if token is None or token.kind == "newline":
        return False
    if token.text in DIRECTIVES or defines_formula(tokens, newline + 1):
        return True
    if depth or token.plain in _GOES_ON_WITH:
        return False
    while tokens[newline].kind == "newline":
        newline -= 1
    return tokens[newline].plain not in _GOES_ON_AFTER


class _Kinds(dict[str, str]):
    """The kinds of a text's pieces, each determined on first use."""

    def __missing__(self, piece: str) -> str:
        match = _KIND.match(piece)
        kind = self[piece] = (match and match.lastgroup) or ""
        return kind


def tokens_between(text: str, start: int, stop: int) -> list[Token]:
    """Return the tokens of a part of a text, including newlines.

    All steps but the first inspection of each piece run in C; a text of 1 MiB may be a million
    tokens."""
    pieces = _PIECE.findall(text, start, stop)
    known = _Kinds()
    kinds = list(map(known.__getitem__, pieces))
    ends = list(accumulate(map(len, pieces), initial=start))
    twins = {piece: TWINS.get(piece, "->") for piece, kind in known.items() if kind == "twin"}
    plain = map(twins.get, pieces, repeat("")) if twins else repeat("")
    made: Iterator[Any] = zip(kinds, pieces, ends, islice(ends, 1, None), plain, strict=False)
    if "space" in known.values():
        made = compress(made, map("space".__ne__, kinds))
    return list(map(tuple.__new__, repeat(Token), made))
