"""From text to syntax tree: each statement is parsed by itself, so one fault hides no other."""

from __future__ import annotations

import pkgutil
from functools import cache
from threading import Lock
from typing import cast

from lark import Lark, TextSlice, UnexpectedCharacters, UnexpectedToken

from ..diagnostics.codes import files
from ..diagnostics.model import Diagnostic, Report
from ..source import Source
from .ast import File, Statement
from .build import BareOperator, Builder, SyntaxFault
from .faults import explain
from .lexical import lexical_fault
from .statements import Statement as Words
from .statements import split

MAX_CHARACTERS = 1 << 20
MAX_FAULTS = 50
"""After so many broken statements a file is not a spec, and the rest is left unread."""

_lock = Lock()


def parse(source: Source, report: Report) -> File:
    """All statements of a file that can be read; what cannot is reported, each fault once."""
    whole = source.span(0, len(source.text))
    if len(source.text) > MAX_CHARACTERS:
        message = f"the spec has {len(source.text):,} characters, {MAX_CHARACTERS:,} are allowed"
        report.add(files.SPEC_TOO_LARGE.at(source.span(0, 0), message))
        return File((), True, whole)
    read: list[Statement] = []
    faults = 0
    for words in split(source):
        found = _parse_statement(words)
        if not isinstance(found, Diagnostic):
            read.append(found)
            continue
        report.add(found)
        faults += 1
        if faults == MAX_FAULTS:
            break
    return File(tuple(read), faults > 0, whole)


def _parse_statement(words: Words) -> Statement | Diagnostic:
    fault = lexical_fault(words)
    if fault:
        return fault
    lark, builder = _parser()
    text = TextSlice(words.source.text, words.start, words.stop)
    try:
        with _lock:
            builder.source = words.source
            return cast(Statement, lark.parse(text, start=words.rule))
    except SyntaxFault as stop:
        return stop.diagnostic
    except BareOperator as stop:
        return explain(words, stop.offset)
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        return explain(words, words.stop if at_end else error.pos_in_stream or 0)
    except UnexpectedCharacters as error:
        return explain(words, error.pos_in_stream or 0)


@cache
def _parser() -> tuple[Lark, Builder]:
    """The parser with the builder it calls; built once, used under the lock."""
    grammar = pkgutil.get_data("nnc.grammar", "nnc.lark")
    assert grammar is not None
    builder = Builder()
    lark = Lark(
        grammar.decode(),
        parser="lalr",
        lexer="contextual",
        start=["chain", "let", "block", "directive"],
        transformer=builder,
    )
    return lark, builder
