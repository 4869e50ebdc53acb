"""The grammar's reductions: each makes a node of the syntax tree as soon as its parts are read."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

from lark import Token

from ..diagnostics.codes import syntax
from ..diagnostics.model import Code, Diagnostic, Edit, Fix
from ..record import record
from ..source import Source, Span
from .ast import (
    AnyStage,
    Arg,
    Binary,
    Block,
    BlockParam,
    CallValue,
    Chain,
    DimName,
    Directive,
    Fork,
    Group,
    Let,
    ListValue,
    Negate,
    Number,
    Range,
    Size,
    Stage,
    StagesValue,
    Text,
    Value,
    Word,
)
from .stages import as_word, value_as_stage
from .statements import DIRECTIVES
from .surroundings import EXAMPLES

Name = Word | DimName
MAX_DIGITS = 20
"""Longer integers than this are typing errors."""


class SyntaxFault(Exception):
    """What the grammar lets through but the language does not; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


class BareOperator(Exception):
    """An operator at an offset where only a sign may stand."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@record(frozen=True, slots=True)
class Paren:
    """A value in parentheses; gone once the node around it has its span."""

    value: Value
    span: Span


@record(frozen=True, slots=True)
class Placed:
    """A stage with the offset where its repeat and name end."""

    stage: AnyStage
    stop: int


Item = Value | Paren


class TreeBuilder:
    """One method a rule, alias or terminal; before each parse it must be told what is read.

    `offset` is where the text that is parsed begins in `source`.
    """

    source: Source
    offset: int

    def _span(self, first: Item | Token | Arg, last: Item | Token | Arg) -> Span:
        at = self.offset
        start = at + (first.start_pos or 0) if isinstance(first, Token) else first.span.start
        stop = at + (last.end_pos or 0) if isinstance(last, Token) else last.span.stop
        return Span(self.source, start, stop)

    # --- atoms ------------------------------------------------------------------------------

    def NUMBER(self, token: Token) -> Number:
        """`30`, `0.1`."""
        return self.number(str(token), token.start_pos or 0)

    def number(self, token: str, start: int) -> Number:
        """`30`, `0.1`, that far into the text."""
        start += self.offset
        span = Span(self.source, start, start + len(token))
        if token.isdigit():
            if len(token) > MAX_DIGITS:
                advice = f"integers have {MAX_DIGITS} digits at most"
                _fail(syntax.MALFORMED_NUMBER, span, "the number is too large", help=advice)
            return Number(int(token), span)
        value = float(token)
        if math.isinf(value):
            advice = "the largest decimal is about 1.8e308"
            _fail(syntax.MALFORMED_NUMBER, span, "the number is too large", help=advice)
        return Number(value, span)

    def WORD(self, token: Token) -> Name:
        """A word, or a symbolic dimension where all its letters are upper-case."""
        return self.word(str(token), token.start_pos or 0)

    def word(self, text: str, start: int) -> Name:
        """A word that far into the text."""
        start += self.offset
        span = Span(self.source, start, start + len(text))
        if text == "as":
            advice = "`as NAME` follows the stage it names: `dense 30 relu as hidden`"
            _fail(syntax.UNEXPECTED_TOKEN, span, "`as` cannot stand here", help=advice)
        return DimName(text, span) if text.isupper() and "_" not in text else Word(text, span)

    def STRING(self, token: Token) -> Text:
        """`"LeNet"`."""
        return Text(token[1:-1], self._span(token, token))

    def size(self, parts: list[Item]) -> Size:
        """`3x3`, `Tx768`, `(k)x(k)`."""
        span = self._span(parts[0], parts[-1])
        for part in parts:
            if isinstance(_inner(part), StagesValue):
                _fail_repeat(span.source.span(part.span.stop, span.stop))
            if not isinstance(part, Paren | Number | DimName):
                message = f"`{part.span.text}` is not a component of a size"
                advice = "components are integers, symbolic dimensions or stand in parentheses"
                _fail(syntax.UNEXPECTED_TOKEN, part.span, message, help=advice)
        return Size(tuple(_inner(part) for part in parts), span)

    def list_value(self, parts: list[Any]) -> ListValue:
        """`[1, 2]`."""
        return ListValue(tuple(map(_inner, parts[1:-1])), self._span(parts[0], parts[-1]))

    def paren(self, parts: list[Any]) -> Paren:
        """`(2*n)`, or a group of stages where an item may stand."""
        return Paren(_inner(parts[1]), self._span(parts[0], parts[2]))

    def call(self, parts: list[Any]) -> CallValue:
        """`normal(0.01)`."""
        args = tuple(parts[2:-1])
        _refuse_spaced_size(args)
        name = self.WORD(parts[0])
        if not isinstance(name, Word):  # whatever its case: no symbolic dimension is called
            name = Word(name.id, name.span)
        return CallValue(name, args, self._span(parts[0], parts[-1]))

    # --- arithmetic -------------------------------------------------------------------------

    def negate(self, parts: list[Any]) -> Negate:
        """`-1`, `+x`."""
        sign, operand = parts
        _refuse_stages(operand)
        return Negate(str(sign), _inner(operand), self._span(sign, operand))

    def sign(self, parts: list[Any]) -> Negate:
        """`-1` as a bare argument, where `n - 1` and `n-1` would be arithmetic."""
        sign, operand = parts
        text, start = self.source.text, self.offset + sign.start_pos
        if operand.span.start != start + 1 or re.match(r"[\w)\]]", text[start - 1]):
            raise BareOperator(start)
        return self.negate(parts)

    def binary(self, parts: list[Any]) -> Value:
        """`a * b`; of a parenthesised chain the star is a repeat."""
        left, op, right = parts
        span = self._span(left, right)
        _refuse_stages(right)
        if op == "*" and isinstance(_inner(left), StagesValue):
            group = value_as_stage(replace(_inner(left), span=left.span))
            assert isinstance(group, Group)
            repeated = replace(group, repeat=_inner(right))
            return StagesValue(Chain((repeated,), span), span)
        _refuse_stages(left)
        return Binary(str(op), _inner(left), _inner(right), span)

    def range_value(self, parts: list[Any]) -> Range:
        """`1:3`."""
        start, _, stop = parts
        _refuse_stages(start)
        _refuse_stages(stop)
        return Range(_inner(start), _inner(stop), self._span(start, stop))

    # --- arguments --------------------------------------------------------------------------

    def arg(self, parts: list[Any]) -> Arg:
        """`30`, `in=500`."""
        item = parts[-1]
        if len(parts) == 1:
            return Arg(None, item.value if isinstance(item, Paren) else item, item.span)
        return Arg(as_word(parts[0]), _inner(item), self._span(parts[0], item))

    # --- stages -----------------------------------------------------------------------------

    def layer(self, parts: list[Any]) -> AnyStage:
        """`dense 30 relu`, `conv(16, 3x3) relu`; among items the head may be any value."""
        head, *args = parts
        if not args and isinstance(head, Word):
            return Stage(head, (), False, 0, None, None, head.span)
        leading = [self.arg([head])] if isinstance(head, Paren) else []
        _refuse_spaced_size([*leading, *args])
        _refuse_missing_arrow(head, args)
        span = self._span(head, args[-1] if args else head)
        if isinstance(head, Word | DimName):
            return Stage(as_word(head), tuple(args), False, 0, None, None, span)
        stage = self._stage_of(head)
        return replace(stage, args=(*stage.args, *args), span=span) if args else stage

    def group(self, parts: list[Any]) -> Group:
        """`( STAGE -> … ) words`."""
        opening, chain, closing, *args = parts
        _refuse_missing_arrow(None, args)
        return Group(
            chain, tuple(args), None, None, self._span(opening, args[-1] if args else closing)
        )

    def fork(self, parts: list[Any]) -> Fork:
        """`[a, b] words`."""
        branches = tuple(part for part in parts if isinstance(part, Chain))
        args = tuple(part for part in parts if isinstance(part, Arg))
        _refuse_missing_arrow(None, args)
        return Fork(branches, args, None, None, self._span(parts[0], parts[-1]))

    def stage(self, parts: list[Any]) -> Placed:
        """A stage with its repeat and its name."""
        stage, star, count, name = parts
        stop = stage.span.stop
        if star is not None:
            if isinstance(stage, Stage) and stage.args and not stage.called:
                self._fail_bare_product(stage, star, count)
            stage, stop = replace(stage, repeat=_inner(count)), count.span.stop
        if name is not None:
            stage, stop = replace(stage, name=_definable(name)), name.span.stop
        return Placed(stage, stop)

    def named(self, parts: list[Any]) -> Placed:
        """`dense(4) as a` among items."""
        value, name = parts
        return Placed(replace(self._stage_of(value), name=_definable(name)), name.span.stop)

    def chain(self, parts: list[Placed]) -> Chain:
        """`STAGE -> STAGE -> …`."""
        span = Span(self.source, parts[0].stage.span.start, parts[-1].stop)
        return Chain(tuple([placed.stage for placed in parts]), span)

    def stages(self, parts: list[Any]) -> StagesValue:
        """A chain where an item may stand; the first stage may have been read as a value."""
        first, *rest = parts
        if not isinstance(first, Placed):
            first = Placed(self._stage_of(first), first.span.stop)
        chain = self.chain([first, *rest])
        return StagesValue(chain, chain.span)

    def _stage_of(self, value: Item) -> AnyStage:
        if isinstance(value, StagesValue):  # a repeated group, read as a product
            return value.chain.stages[0]
        inner = _inner(value)
        stage = value_as_stage(inner)
        if stage is None:
            message = f"`{value.span.text}` is not a stage"
            advice = "a stage begins with a word, `(` or `[`"
            _fail(syntax.UNEXPECTED_TOKEN, value.span, message, help=advice)
        if isinstance(value, Paren) and not isinstance(inner, StagesValue):
            return Group(Chain((stage,), inner.span), (), None, None, value.span)
        return replace(stage, span=value.span) if isinstance(value, Paren) else stage

    def _fail_bare_product(self, stage: Stage, star: Token, count: Item) -> NoReturn:
        last = stage.args[-1].value
        product = f"{last.span.text}{star}{count.span.text}"
        _fail(
            syntax.BARE_ARITHMETIC,
            self._span(star, count),
            "`*` after bare arguments may mean a product or a repeat",
            help=f"write `({product})` for the product, "
            f"`({stage.span.text}) * {count.span.text}` to repeat the stage",
        )

    # --- statements -------------------------------------------------------------------------

    def let(self, parts: list[Any]) -> Let:
        """`let NAME = VALUE`."""
        let, name, _, value = parts
        return Let(_definable(name), _inner(value), self._span(let, value))

    def param(self, parts: list[Any]) -> BlockParam:
        """`k=3`."""
        name, equals, default = parts
        if equals is None:
            return BlockParam(_definable(name), None, name.span)
        return BlockParam(_definable(name), _inner(default), self._span(name, default))

    def block(self, parts: list[Any]) -> Block:
        """`block NAME(p, q=3) = STAGE -> …`."""
        block, name, *rest = parts
        if isinstance(name, Token):
            name = self.WORD(name)
        params = tuple(part for part in rest if isinstance(part, BlockParam))
        return Block(_definable(name), params, rest[-1], self._span(block, rest[-1]))

    def directive(self, parts: list[Any]) -> Directive:
        """`WORD arg…`."""
        word, *args = parts
        _refuse_spaced_size(args)
        if not args and word.id in DIRECTIVES:
            advice = f"for example `{EXAMPLES[word.id]}`"
            _fail(syntax.MISSING_VALUE, word.span, f"`{word.id}` says nothing", help=advice)
        return Directive(as_word(word), tuple(args), self._span(word, parts[-1]))


def _inner(item: Any) -> Any:
    return item.value if isinstance(item, Paren) else item


def _fail(code: Code, span: Span, message: str, *, help: str = "", fix: str = "") -> NoReturn:
    fixes = (Fix(f"write `{fix}`", (Edit(span, fix),), safe=True),) if fix else ()
    raise SyntaxFault(code.at(span, message, help=help, fixes=fixes))


def _fail_repeat(span: Span) -> NoReturn:
    count = span.text.lstrip("x") or "3"
    _fail(
        syntax.REPEAT_AS_SIZE,
        span,
        "a repeat is written with `*`",
        help=f"write `* {count}`",
        fix=f" * {count}",
    )


def _definable(name: Name) -> Word:
    """A name that may be given to something: lower-case, so that it is not a dimension."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", name.id):
        return as_word(name)
    lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.id).lower().lstrip("_")
    _fail(
        syntax.INVALID_NAME,
        name.span,
        f"`{name.id}` is not a name",
        help="names are lower-case letters, digits and `_`"
        + (f": `{lower}`" if re.fullmatch(r"[a-z][a-z0-9_]*", lower) else ""),
    )


def _refuse_stages(operand: Item) -> None:
    value = _inner(operand)
    if isinstance(value, StagesValue):
        message = "stages cannot be computed with"
        _fail(syntax.UNEXPECTED_TOKEN, operand.span, message, help="a repeat is `( … ) * 3`")


def _refuse_spaced_size(args: Sequence[Arg]) -> None:
    """`3 x 8` reads as three arguments, of which nobody means the middle one."""
    if len(args) < 3:
        return
    for left, middle, right in zip(args, args[1:], args[2:], strict=False):
        is_x = isinstance(middle.value, Word) and middle.value.id == "x"
        if not is_x:
            continue
        span = left.span.to(right.span)
        listed = "," in span.text
        if not listed and all(_is_component(arg) for arg in (left, middle, right)):
            joined = f"{left.span.text}x{right.span.text}"
            message = "a size has no spaces"
            _fail(syntax.SPACED_SIZE, span, message, help=f"write `{joined}`", fix=joined)


def _is_component(arg: Arg) -> bool:
    return arg.key is None and isinstance(arg.value, Number | DimName | Word | Binary | Size)


def _refuse_missing_arrow(head: Item | None, args: Sequence[Arg]) -> None:
    """A fork or group after arguments is the next stage, its arrow forgotten.

    The first argument of `KIND ARG` is spared: a block may be given stages that way.
    """
    first = 1 if isinstance(head, Word | DimName) else 0
    for arg in args[first:]:
        value = arg.value
        fork = isinstance(value, ListValue) and (
            first == 0 or any(isinstance(item, StagesValue) for item in value.items)
        )
        if arg.key is None and (fork or isinstance(value, StagesValue)):
            where = value.span.source.span(arg.span.start, arg.span.start)
            advice = f"write `-> {_shortened(arg.span.text)}`"
            fix = Fix(advice, (Edit(where, "-> "),))
            message = "an arrow is missing before this stage"
            raise SyntaxFault(syntax.MISSING_ARROW.at(arg.span, message, help=advice, fixes=[fix]))


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"
