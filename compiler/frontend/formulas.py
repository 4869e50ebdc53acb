"""Statements `fn NAME(a, b, q=0.5) = FORMULA`, parsed with grammar/formula.lark.

This module is used only for specs with formulas; others do not load the grammar's tables.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import Any, NoReturn, cast

from lark import Lark, Transformer, UnexpectedToken, v_args
from lark import Token as Terminal
from lark.lexer import Lexer

from ..diagnostics.codes import syntax
from ..source import Span
from .ast import Arg, Binary, BlockParam, CallValue, DimName, Fn, Negate, Number, Value, Word
from .refusals import decimal, definable, fail, named
from .statements import COMPARING, Statement, Token

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
EXAMPLE = "for example `fn swish(z, q=1) = z * sigmoid(q * z)`"

_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_OPERATORS = {
    "(": "LPAR",
    ")": "RPAR",
    "=": "EQ",
    ",": "_COMMA",
    "+": "SIGN",
    "-": "SIGN",
    "*": "STAR",
    "/": "SLASH",
    "**": "POWER",
    **dict.fromkeys(COMPARISONS, "COMPARISON"),
}
_BEGIN_VALUES = frozenset({"NUMBER", "WORD", "CALL", "LPAR"})
_WANTED = {"RPAR": "`)`", "EQ": "`=`", "LPAR": "`(`", "WORD": "a name"}
"""The text for missing tokens; the first one that the grammar allows is named."""

_lock = Lock()


def read_formula(statement: Statement) -> Fn:
    """Return the tree of a statement that defines a formula; raises SyntaxFault."""
    words = merged(statement)
    _check_head(words)
    parser = _parser()
    try:
        with _lock:
            parser.tree.words = words
            return cast(Fn, parser.lark.parse(words))
    except UnexpectedToken as error:
        _unexpected(words, error)


def merged(statement: Statement) -> Statement:
    """Return the statement with each comparison as one token: `<=` is two outside formulas."""
    tokens: list[Token] = []
    for token in statement.tokens:
        before = tokens[-1] if tokens else None
        touches = before is not None and before.stop == token.start and token.text == "="
        if before and touches and (before.text in COMPARING or before.text == "="):
            tokens[-1] = Token("op", f"{before.text}=", before.start, token.stop)
        else:
            tokens.append(token._replace(kind="op") if token.text in COMPARING else token)
    return replace(statement, tokens=tuple(tokens))


def _check_head(words: Statement) -> None:
    """Refuse an invalid name and a formula without values, before other errors are found."""
    tokens = words.tokens
    name = definable(named(tokens[1].text, words.span_of(tokens[1])))
    if tokens[2].text == "=":
        advice = f"give it a value: `fn {name.id}(x) = …`; a constant is written with `let`"
        fail(syntax.UNEXPECTED_TOKEN, name.span, "a formula without values", help=advice)
    if [token.text for token in tokens[2:4]] == ["(", ")"]:
        code, span = syntax.UNEXPECTED_TOKEN, words.span_of(tokens[3])
        fail(code, span, "a formula needs at least one value", help=EXAMPLE)


# --- terminals ----------------------------------------------------------------------------------


class _Terminals(Lexer):
    """Passes the tokens of a statement to Lark as terminals of the grammar."""

    def __init__(self, conf: Any) -> None:
        """Accept Lark's configuration, which is unused."""

    def lex(self, words: Any) -> Iterator[Terminal]:  # type: ignore[override]  # Lark hands on what parse() was given
        """Yield every token, with its offsets in the source."""
        for at, token in enumerate(words.tokens):
            yield Terminal(_kind(words, at), token.text, token.start, end_pos=token.stop)


def _kind(words: Statement, at: int) -> str:
    token = words.tokens[at]
    if at == 0:
        return "FN"
    if token.kind == "number":
        return "NUMBER"
    if token.kind == "word":
        return "CALL" if at > 1 and words.touches(at + 1, "(") else "WORD"
    return _OPERATORS.get(token.text, "UNKNOWN")


@dataclass(frozen=True, slots=True)
class _Parser:
    """Lark's parser with its tree builder."""

    lark: Lark
    tree: _Tree


@cache
def _parser() -> _Parser:
    """Return the parser, which is built once and used under the lock."""
    grammar = pkgutil.get_data("nnc.grammar", "formula.lark")
    assert grammar is not None
    tree = _Tree()
    lark = Lark(grammar.decode(), parser="lalr", lexer=_Terminals, start="fn", transformer=tree)
    return _Parser(lark, tree)


# --- the tree -----------------------------------------------------------------------------------


@v_args(inline=True)
class _Tree(Transformer[Terminal, Fn]):
    """Builds the nodes of a formula; `words` is the statement being parsed."""

    words: Statement

    def fn(self, first: Terminal, name: Terminal, *rest: Any) -> Fn:
        """The whole statement: `fn`, name, parameters in parentheses, `=`, body."""
        params = tuple(part for part in rest if isinstance(part, BlockParam))
        body = rest[-1]
        return Fn(self._name(name), params, body, self._span(first).to(self.words.span))

    def param(self, name: Terminal, _: Terminal | None = None, default: Any = None) -> BlockParam:
        """A value, or a number with its default."""
        word = self._name(name)
        span = word.span if default is None else word.span.to(default.span)
        return BlockParam(word, default, span)

    def keyword(self, name: Terminal, _: Terminal, value: Value) -> Arg:
        """`q=2` in a call."""
        key = self._name(name)
        return Arg(key, value, key.span.to(value.span))

    def positional(self, value: Value) -> Arg:
        """A value in a call."""
        return Arg(None, value, value.span)

    def call(self, name: Terminal, _: Terminal, *rest: Any) -> CallValue:
        """`exp(z)`."""
        word = Word(str(name), self._span(name))
        return CallValue(word, tuple(rest[:-1]), word.span.to(self._span(rest[-1])))

    def paren(self, opening: Terminal, inner: Any, closing: Terminal) -> Value:
        """A value in parentheses, which are part of its span."""
        value = replace(inner, span=self._span(opening).to(self._span(closing)))
        return cast(Value, value)

    def binary(self, left: Value, op: Terminal, right: Value) -> Binary:
        """An operator between two values."""
        return Binary(str(op), left, right, left.span.to(right.span))

    def negate(self, sign: Terminal, operand: Value) -> Negate:
        """A sign before a value."""
        return Negate(str(sign), operand, self._span(sign).to(operand.span))

    def word(self, token: Terminal) -> Word | DimName:
        """The name of a value, a number or a dimension."""
        return named(str(token), self._span(token))

    def number(self, token: Terminal) -> Number:
        """A decimal number or integer; refuses text that only begins like one."""
        span, text = self._span(token), str(token)
        if not _NUMBER.fullmatch(text):
            advice = "a product is written `2 * x`; formulas hold no sizes"
            fail(syntax.MALFORMED_NUMBER, span, f"`{text}` is not a number", help=advice)
        value = decimal(text, span)
        return Number(int(text) if text.isdigit() and value < 1e15 else value, span)

    def _name(self, token: Terminal) -> Word:
        return definable(named(str(token), self._span(token)))

    def _span(self, token: Terminal) -> Span:
        assert token.start_pos is not None
        return self.words.source.span(token.start_pos, token.start_pos + len(token))


# --- faults -------------------------------------------------------------------------------------


def _unexpected(words: Statement, error: UnexpectedToken) -> NoReturn:
    """Raise the fault of a token that the grammar does not expect."""
    _refuse_missing_body(words)
    expected = error.accepts or error.expected
    wanted = "a value"
    if not expected >= _BEGIN_VALUES:
        wanted = next((said for name, said in _WANTED.items() if name in expected), "an operator")
    text = str(error.token)
    if error.token.type == "$END":
        span = words.source.span(words.stop, words.stop)
        message = f"{wanted} is missing at the end of the formula"
        fail(syntax.MISSING_VALUE, span, message, help=EXAMPLE)
    message, advice = _said(text, wanted, complete=wanted != "a value")
    start = error.token.start_pos
    assert start is not None
    span = words.source.span(start, start + len(text))
    fail(syntax.UNEXPECTED_TOKEN, span, message, help=advice)


def _refuse_missing_body(words: Statement) -> None:
    """Refuse a statement without a formula, whose next line is a chain."""
    tokens = words.tokens
    closing = next((i for i, t in enumerate(tokens) if t.text == ")"), len(tokens))
    if [t.text for t in tokens[closing + 1 : closing + 2]] != ["="]:
        return
    sign, after = tokens[closing + 1], tokens[closing + 2 :]
    text = words.source.text
    if not after or "\n" not in text[sign.stop : after[0].start]:
        return
    if after[0].text == "input" or any(t.text == "->" for t in after):
        span = words.source.span(sign.stop, sign.stop)
        fail(syntax.MISSING_VALUE, span, "a formula is missing behind the sign `=`", help=EXAMPLE)


def _said(text: str, wanted: str, *, complete: bool) -> tuple[str, str]:
    """Return message and advice for an unexpected token; `complete`: it follows a value."""
    if text in COMPARISONS and complete:
        advice = "one comparison has two sides; put `where(…)` into another for two conditions"
        return "a comparison of a comparison", advice
    if text in ("//", "%"):
        advice = "formulas know `+ - * / **`, comparisons and functions"
        return f"`{text}` is not an operator of formulas", advice
    if text == "=":
        return "`=` cannot stand here", "a comparison is written `==`"
    if text == "->":
        advice = "a formula computes with values; stages are named with `block`"
        return "an arrow in a formula", advice
    return f"unexpected `{text}` in a formula", f"{wanted} is expected; {EXAMPLE}"
