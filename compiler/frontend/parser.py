"""The parser; it parses each statement separately, so that no fault hides another."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from threading import Lock
from typing import Any, cast

from lark import Lark, UnexpectedCharacters, UnexpectedToken
from lark import Token as Terminal

from ..diagnostics.codes import files, limits, syntax
from ..diagnostics.model import Diagnostic, Report
from ..source import Source
from .ast import File, Statement
from .build import BareOperator, TreeBuilder
from .faults import explain
from .lexical import BRACKETS, lexical_fault, unbalanced, unreadable
from .recovery import MASK, lost_names, mask_fault
from .refusals import SyntaxFault
from .statements import Statement as Words
from .statements import Token, split
from .tables import END, Tables
from .terminals import Terminals

MAX_CHARACTERS = 1 << 20
MAX_FAULTS = 50
"""Faults after which the rest of a file is left unread, as it is not a spec."""
MAX_AGAIN = 8000
"""Most tokens that are parsed again to find further faults in a statement."""

RULES = ("chain", "let", "block", "directive")
"""The rules of the grammar for whole statements."""

_lock = Lock()


def parse(source: Source, report: Report, statements: Iterable[Words] = ()) -> File:
    """Parse all statements of a file; each unreadable one is reported, one error per fault.

    `statements` are the statements of the source, if they were split already."""
    whole = source.span(0, len(source.text))
    if len(source.text) > MAX_CHARACTERS:
        message = f"the spec has {len(source.text):,} characters, {MAX_CHARACTERS:,} are allowed"
        report.add(files.SPEC_TOO_LARGE.at(source.span(0, 0), message))
        return File((), True, whole)
    reader = _Reader(report)
    for words in statements or split(source):
        reader.read(words)
    unread, lost = frozenset(reader.unread), frozenset(reader.lost)
    return File(tuple(reader.statements), reader.faults > 0, whole, unread, lost)


@dataclass(slots=True)
class _Reader:
    """The statements parsed so far; `unread` are all words in unreadable text.

    `lost` are those of them that may have been defined there."""

    report: Report
    statements: list[Statement] = field(default_factory=list)
    unread: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    faults: int = 0
    again: int = 0
    open_until: int | None = None

    def read(self, words: Words) -> None:
        """Parse a statement; if a stage is unreadable, parse the rest of the statement."""
        while self.faults < MAX_FAULTS:
            found = _parse_statement(words)
            if not isinstance(found, Diagnostic):
                self.statements.append(found)
                return
            if found.code is syntax.UNMATCHED_BRACKET and self._cut_off(words):
                break
            self._add(found)
            self.open_until = words.stop if found.code is syntax.UNCLOSED_BRACKET else None
            self.again += len(words.tokens)
            rest = mask_fault(words, found) if self.again < MAX_AGAIN else None
            whole = rest is None or found.code in BRACKETS
            hidden = words.tokens if rest is None else rest[1]
            for other in unreadable(replace(words, tokens=hidden) if hidden else words):
                self._add(other)
            for bracket in unbalanced(words if whole else replace(words, tokens=hidden)):
                self._add(bracket)
            if rest is None:
                break
            words = rest[0]
            self._lose(hidden, lost_names(hidden))
        else:
            self._stop(words.source)
        self._lose(words.tokens, lost_names(words.tokens, words.tokens[0]))

    def _cut_off(self, words: Words) -> bool:
        """Return whether this is the rest of a statement that `;` ended in an open bracket."""
        between = words.source.text[self.open_until : words.start] if self.open_until else ""
        return between.strip() == ";"

    def _stop(self, source: Source) -> None:
        self.report.add(
            limits.TOO_MANY_ERRORS.at(
                source.span(len(source.text), len(source.text)),
                f"after {MAX_FAULTS} syntax errors the rest is not read",
                help="repair some of these first",
            )
        )

    def _add(self, fault: Diagnostic) -> None:
        if self.faults >= MAX_FAULTS:
            self._stop(fault.span.source)
            return
        before = len(self.report)
        self.report.add(fault)
        self.faults += len(self.report) - before

    def _lose(self, tokens: Sequence[Token], names: set[str]) -> None:
        self.unread |= {token.text for token in tokens}
        self.lost |= {*names, MASK}


def _parse_statement(words: Words) -> Statement | Diagnostic:
    fault = lexical_fault(words)
    if fault:
        return fault
    try:
        if words.rule == "fn":
            from .formulas import read_formula

            return read_formula(words)
        parser = _parser()
        with _lock:
            return parser.read(words)
    except SyntaxFault as stop:
        return stop.diagnostic
    except BareOperator as stop:
        return explain(words, stop.offset)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        return explain(words, words.stop if at_end else words.start + (error.pos_in_stream or 0))
    except UnexpectedCharacters as error:
        return explain(words, words.start + (error.pos_in_stream or 0))


class _Parser:
    """Lark's parser and the builder that it calls."""

    def __init__(self, grammar: str) -> None:
        self.builder = TreeBuilder()
        self.lark = Lark(
            grammar,
            parser="lalr",
            lexer="contextual",
            start=list(RULES),
            transformer=self.builder,
        )
        self.terminals = Terminals(self.lark)
        self.tables = Tables(self.lark, RULES, self.builder)

    def read(self, words: Words) -> Statement:
        """Return the tree of a statement; raises the exceptions of Lark and of the builder."""
        self.builder.source, self.builder.offset = words.source, words.start
        fits, made = self.tables.parse(words.rule, self._values(words))
        if fits:
            return cast(Statement, made)
        # For a TextSlice, Lark would count the lines before it, anew for each statement.
        text = words.reading[words.start : words.stop]
        return cast(Statement, self.lark.parse(text, start=words.rule))

    def _values(self, words: Words) -> Iterator[tuple[str, Any]]:
        """Yield terminals with their values from the builder; unused terminals have no value."""
        number, word, builder = self.builder.number, self.builder.word, self.builder
        for kind, text, start in self.terminals.of(words):
            if kind == "NUMBER":
                yield kind, number(text, start)
            elif kind[:1] == "_":
                yield kind, None
            elif kind == "WORD":
                yield kind, word(text, start)
            elif kind == "STRING":
                yield kind, builder.STRING(_terminal(kind, text, start))
            else:
                yield kind, _terminal(kind, text, start)
        yield END, None


def _terminal(kind: str, text: str, start: int) -> Terminal:
    """Make a token as Lark's constructor does, but without line and column: a third of the cost."""
    made = str.__new__(Terminal, text)
    made.type, made.start_pos, made.end_pos = kind, start, start + len(text)
    return made


@cache
def _parser() -> _Parser:
    """Return the parser, which is built once and used under the lock."""
    grammar = pkgutil.get_data("nnc.grammar", "nnc.lark")
    assert grammar is not None
    return _Parser(grammar.decode())
