"""The terminals of the grammar, made from the tokens of a statement.

Lark's contextual lexer tries the terminals that the parser could accept next; here all of them are
tried in the same order. Where the parser accepts the result, both find the same; otherwise the text
is left to Lark. Operators, numbers, strings and lower-case words are determined by their text; only
possible sizes and their parts (`3x3`, `Tx(k)`) are matched with the grammar's expressions."""

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
        """Yield all terminals of a statement without lexical faults."""
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
        """Return the terminal of an operator, which does not depend on its context."""
        match = self._piece.fullmatch(text)
        return self._keywords.get(text) or (match and match.lastgroup) or UNKNOWN

    def _pieces(self, text: str, at: int, stop: int, begin: int) -> Iterator[Terminal]:
        """Yield the parts of a word or size: the `x` of a size is a separate terminal."""
        while at < stop:
            match = self._piece.match(text, at)
            if match is None or match.end() > stop or match.end() == at:
                yield UNKNOWN, text[at:stop], at - begin
                return
            value = match.group()
            yield self._keywords.get(value, match.lastgroup or UNKNOWN), value, at - begin
            at = match.end()
