"""Where statements begin and end, found before anything is parsed.

Each statement is then parsed by itself, so that a broken one leaves the others readable. A
newline ends a statement unless a bracket is open, the line ends in `->`, `=`, `,`, `:` or an
operator, or the next line begins with something that can only go on; `;` always ends one; and a
line that begins with a directive always begins one, so that a missing bracket is one error.

>>> [s.text for s in split(Source("a.nn", "input 3 -> # three\\n  dense 2; loss mse"))]
['input 3 -> # three\\n  dense 2', 'loss mse']
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

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
"""The words that begin a statement wherever they begin a line; `input` begins a stage."""

OPENING = {"(": ")", "[": "]"}
"""Each opening bracket with the one that closes it."""

CLOSING = frozenset(OPENING.values())
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**"})

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
"""Characters that look like one of the language, with the plain form they stand for."""

_TOKEN = re.compile(
    rf"""(?P<space>[ \t\r\f\v]+|\#[^\n]*)
      | (?P<newline>\n)
      | (?P<string>"[^"\n]*"?)
      | (?P<number>\.?[0-9](?:[eE][+-](?=[0-9])|[A-Za-z0-9_.])*)
      | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<twin>[–—−]>|=>|[{"".join(TWINS)}])
      | (?P<op>->|\*\*|//|[-+*/%=:,;()\[\]])
      | (?P<other>.)""",
    re.VERBOSE,
)

_GOES_ON_AFTER = frozenset({"->", "=", ",", ":", *ARITHMETIC})
_GOES_ON_WITH = frozenset({"->", "*", "**", "as", ")", "]", ","})


class Token(NamedTuple):
    """A word, number, operator or stray character; `twin` is its plain form where it has one."""

    kind: str
    text: str
    start: int
    stop: int
    twin: str = ""

    @property
    def plain(self) -> str:
        """What it is, or was meant to be."""
        return self.twin or self.text


@dataclass(frozen=True)
class Statement:
    """The tokens of one statement; there is at least one.

    `masked` is the text to read in place of the source's after faulty parts of it were hidden.
    """

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
        """All of it."""
        return self.source.span(self.start, self.stop)

    @property
    def reading(self) -> str:
        """What is parsed: all of the source's text, less what was masked."""
        return self.masked or self.source.text

    @property
    def text(self) -> str:
        """As written."""
        return self.span.text

    def span_of(self, token: Token) -> Span:
        """Where one of its tokens stands."""
        return self.source.span(token.start, token.stop)

    def touches(self, index: int, text: str) -> bool:
        """Whether a token is this one and stands directly after the one before."""
        return (
            0 < index < len(self.tokens)
            and self.tokens[index].text == text
            and self.tokens[index - 1].stop == self.tokens[index].start
        )

    @cached_property
    def rule(self) -> str:
        """The grammar's rule for it: let, block, directive or chain.

        An unknown first word without a top-level arrow makes a directive, so that
        `optimiser adam` can be answered with a suggestion.
        """
        first = self.tokens[0]
        if first.text in ("let", "block"):
            return first.text
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


def split(source: Source) -> Iterator[Statement]:
    """The statements of a file, in order; empty ones are none."""
    tokens: list[Token] = []
    depth = 0
    new_line = False
    for token in _tokens(source.text):
        if token.kind == "newline":
            new_line = True
            continue
        if tokens and (token.text == ";" or (new_line and _begins(token, tokens[-1], depth))):
            yield Statement(source, tuple(tokens))
            tokens, depth = [], 0
        new_line = False
        if token.text == ";":
            continue
        tokens.append(token)
        if token.kind == "op" or token.kind == "twin":
            plain = token.plain
            depth = max(0, depth + (plain in OPENING) - (plain in CLOSING))
    if tokens:
        yield Statement(source, tuple(tokens))


def _begins(token: Token, previous: Token, depth: int) -> bool:
    """Whether the first token of a line begins a statement."""
    if token.text in DIRECTIVES:
        return True
    return not (depth or previous.plain in _GOES_ON_AFTER or token.plain in _GOES_ON_WITH)


def _tokens(text: str) -> Iterator[Token]:
    return tokens_between(text, 1 if text.startswith("\ufeff") else 0, len(text))


def tokens_between(text: str, start: int, stop: int) -> Iterator[Token]:
    """The tokens of a part of a text, newlines among them."""
    for match in _TOKEN.finditer(text, start, stop):
        kind = match.lastgroup or ""
        if kind != "space":
            word = match.group()
            twin = ("->" if word.endswith(">") else TWINS[word]) if kind == "twin" else ""
            yield Token(kind, word, match.start(), match.end(), twin)
