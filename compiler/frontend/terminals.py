"""The grammar's terminals, made from the tokens that statements were cut into.

Lark's contextual lexer tries the terminals that the parser could go on with; here all of them are
tried in the same order. Where the parser accepts what is found, both find the same; where it
does not, the text is left to Lark. Operators, numbers, strings and words in lower case are known
by what they are; only what may be a size or a part of one (`3x3`, `Tx(k)`) is looked at by the
grammar's expressions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lark import Lark
from lark.lexer import PatternStr

from .statements import OPERATORS, Statement

UNKNOWN = ""
"""The kind of a piece that is no terminal."""

Terminal = tuple[str, str, int]
"""Kind, text, and offset in the statement."""

_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]*)?|\.[0-9]+")


class Terminals:
    """Cuts statements into the terminals of a grammar."""

    def __init__(self, lark: Lark) -> None:
        ordered = sorted(
            (t for t in lark.terminals if t.name not in lark.ignore_tokens),
            key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
        )
        self._piece = re.compile(
            "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in ordered)
        )
        self._keywords = {
            t.pattern.value: t.name for t in ordered if isinstance(t.pattern, PatternStr)
        }
        self._operators = {text: self._operator(text) for text in OPERATORS}

    def of(self, statement: Statement) -> Iterator[Terminal]:
        """All terminals of a statement without lexical faults."""
        begin, reading, operators = statement.start, statement.reading, self._operators
        for kind, text, start, stop, _ in statement.tokens:
            if kind == "op":
                yield operators[text], text, start - begin
            elif kind == "number" and (text.isdigit() or _PLAIN.fullmatch(text)):
                yield "NUMBER", text, start - begin
            elif kind == "string":
                yield "STRING", text, start - begin
            elif kind == "word" and text.islower() and text[0] != "x":
                called = reading.startswith("(", stop)
                yield self._keywords.get(text) or (
                    "CALL" if called else "WORD"
                ), text, start - begin
            else:
                yield from self._pieces(reading, start, stop, begin)

    def _operator(self, text: str) -> str:
        """The terminal of an operator, which does not depend on what stands around it."""
        match = self._piece.fullmatch(text)
        return self._keywords.get(text) or (match and match.lastgroup) or UNKNOWN

    def _pieces(self, text: str, at: int, stop: int, begin: int) -> Iterator[Terminal]:
        """What a word or a size falls into: the `x` of a size is a terminal of its own."""
        while at < stop:
            match = self._piece.match(text, at)
            if match is None or match.end() > stop or match.end() == at:
                yield UNKNOWN, text[at:stop], at - begin
                return
            value = match.group()
            yield self._keywords.get(value, match.lastgroup or UNKNOWN), value, at - begin
            at = match.end()
