"""Statements `fn NAME(a, b, q=0.5) = FORMULA`, read by the strength of their operators.

    fn       = "fn" NAME "(" param ("," param)* ")" "=" formula
    param    = NAME ("=" formula)?
    formula  = sum (("<" | "<=" | ">" | ">=" | "==" | "!=") sum)?
    sum      = product (("+" | "-") product)*
    product  = unary (("*" | "/") unary)*
    unary    = ("+" | "-") unary | power
    power    = atom ("**" unary)?
    atom     = NUMBER | NAME | NAME "(" argument ("," argument)* ")" | "(" formula ")"
    argument = (NAME "=")? formula

This is apart from the grammar of the rest, whose tables every run must make: a spec without
formulas never comes here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NoReturn, TypeVar

from ..diagnostics.codes import syntax
from ..source import Span
from .ast import Arg, Binary, BlockParam, CallValue, DimName, Fn, Negate, Number, Value, Word
from .refusals import definable, fail
from .statements import COMPARING, Statement, Token

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
EXAMPLE = "for example `fn swish(z, q=1) = z * sigmoid(q * z)`"

_END = Token("end", "", 0, 0)
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

T = TypeVar("T")


def read_formula(statement: Statement) -> Fn:
    """The tree of a statement that defines a formula; raises SyntaxFault."""
    return _Reader(merged(statement)).statement()


def merged(statement: Statement) -> Statement:
    """The statement with every comparison as one token: `<=` is two outside of formulas."""
    tokens: list[Token] = []
    for token in statement.tokens:
        before = tokens[-1] if tokens else _END
        touches = before.stop == token.start and token.text == "="
        if touches and (before.text in COMPARING or before.text == "="):
            tokens[-1] = Token("op", f"{before.text}=", before.start, token.stop)
        else:
            tokens.append(token._replace(kind="op") if token.text in COMPARING else token)
    return replace(statement, tokens=tuple(tokens))


@dataclass(slots=True)
class _Reader:
    words: Statement
    at: int = 0

    @property
    def token(self) -> Token:
        """The next token; an empty one behind the last."""
        tokens = self.words.tokens
        if self.at < len(tokens):
            return tokens[self.at]
        return _END._replace(start=self.words.stop, stop=self.words.stop)

    def statement(self) -> Fn:
        self.at = 1
        name = self._name()
        if self.token.text != "(":
            advice = f"give it a value: `fn {name.id}(x) = …`; a constant is written with `let`"
            fail(syntax.UNEXPECTED_TOKEN, name.span, "a formula without values", help=advice)
        params = self._bracketed(self._param)
        if not params:
            self._fail("a formula needs at least one value", EXAMPLE)
        self._take("=")
        body = self._formula()
        if self.token.kind != "end":
            self._unexpected()
        start = self.words.span_of(self.words.tokens[0])
        return Fn(name, tuple(params), body, start.to(self.words.span))

    # --- parts ------------------------------------------------------------------------------

    def _param(self) -> BlockParam:
        name = self._name()
        if self.token.text != "=":
            return BlockParam(name, None, name.span)
        self.at += 1
        default = self._formula()
        return BlockParam(name, default, name.span.to(default.span))

    def _argument(self) -> Arg:
        tokens = self.words.tokens
        after = tokens[self.at + 1] if self.at + 1 < len(tokens) else _END
        if self.token.kind == "word" and after.text == "=":
            key = self._name()
            self.at += 1
            value = self._formula()
            return Arg(key, value, key.span.to(value.span))
        value = self._formula()
        return Arg(None, value, value.span)

    def _bracketed(self, read: Callable[[], T]) -> list[T]:
        """What stands between parentheses, parted by commas, one more of which may follow."""
        self._take("(")
        found: list[T] = []
        while self.token.text != ")":
            found.append(read())
            if self.token.text != ",":
                break
            self.at += 1
        self._take(")")
        return found

    def _formula(self) -> Value:
        left = self._sum()
        if self.token.text not in COMPARISONS:
            return left
        left = self._binary(left, self._sum)
        if self.token.text in COMPARISONS:
            advice = "one comparison has two sides; put `where(…)` into another for two conditions"
            self._fail("a comparison of a comparison", advice)
        return left

    def _sum(self) -> Value:
        left = self._product()
        while self.token.text in ("+", "-"):
            left = self._binary(left, self._product)
        return left

    def _product(self) -> Value:
        left = self._unary()
        while self.token.text in ("*", "/", "//", "%"):
            if self.token.text in ("//", "%"):
                advice = "formulas know `+ - * / **`, comparisons and functions"
                self._fail(f"`{self.token.text}` is not an operator of formulas", advice)
            left = self._binary(left, self._unary)
        return left

    def _unary(self) -> Value:
        token = self.token
        if token.text not in ("+", "-"):
            return self._power()
        self.at += 1
        operand = self._unary()
        return Negate(token.text, operand, self.words.span_of(token).to(operand.span))

    def _power(self) -> Value:
        base = self._atom()
        return self._binary(base, self._unary) if self.token.text == "**" else base

    def _binary(self, left: Value, read: Callable[[], Value]) -> Binary:
        op = self.token.text
        self.at += 1
        right = read()
        return Binary(op, left, right, left.span.to(right.span))

    def _atom(self) -> Value:
        token = self.token
        if token.kind == "number":
            return self._number()
        if token.kind == "word":
            self.at += 1
            if not self.words.touches(self.at, "("):
                return self._word(token)
            name, span = Word(token.text, self.words.span_of(token)), self.words.span_of(token)
            args = self._bracketed(self._argument)
            last = self.words.span_of(self.words.tokens[self.at - 1])
            return CallValue(name, tuple(args), span.to(last))
        if token.text == "(":
            opening = self.words.span_of(token)
            self.at += 1
            inner = self._formula()
            closing = self.words.span_of(self.token)
            self._take(")")
            return replace(inner, span=opening.to(closing))
        self._unexpected()

    def _number(self) -> Number:
        token = self.token
        span = self.words.span_of(token)
        if not _NUMBER.fullmatch(token.text):
            advice = "a product is written `2 * x`; formulas hold no sizes"
            fail(syntax.MALFORMED_NUMBER, span, f"`{token.text}` is not a number", help=advice)
        self.at += 1
        value = float(token.text)
        if math.isinf(value):
            advice = "the largest decimal is about 1.8e308"
            fail(syntax.MALFORMED_NUMBER, span, "the number is too large", help=advice)
        return Number(int(token.text) if token.text.isdigit() and value < 1e15 else value, span)

    def _word(self, token: Token) -> Word | DimName:
        span = self.words.span_of(token)
        upper = token.text.isupper() and "_" not in token.text
        return DimName(token.text, span) if upper else Word(token.text, span)

    def _name(self) -> Word:
        token = self.token
        if token.kind != "word":
            self._unexpected("a name")
        self.at += 1
        return definable(self._word(token))

    # --- faults -----------------------------------------------------------------------------

    def _take(self, text: str) -> None:
        if self.token.text != text:
            self._unexpected(f"`{text}`")
        self.at += 1

    def _unexpected(self, wanted: str = "a value") -> NoReturn:
        if self.token.kind == "end":
            self._fail(f"{wanted} is missing at the end of the formula", EXAMPLE)
        token = self.token
        if token.text == "=":
            self._fail("`=` cannot stand here", "a comparison is written `==`")
        if token.text == "->":
            advice = "a formula computes with values; stages are named with `block`"
            self._fail("an arrow in a formula", advice)
        self._fail(f"unexpected `{token.text}` in a formula", f"{wanted} is expected; {EXAMPLE}")

    def _fail(self, message: str, advice: str) -> NoReturn:
        token = self.token
        span: Span = self.words.source.span(token.start, token.stop)
        code = syntax.MISSING_VALUE if token.kind == "end" else syntax.UNEXPECTED_TOKEN
        fail(code, span, message, help=advice)
