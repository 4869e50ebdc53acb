"""The reductions of the grammar: each builds a node of the syntax tree from its parts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NoReturn

from lark import Token

from ..diagnostics.codes import syntax
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
from .refusals import (
    Item,
    Name,
    Paren,
    decimal,
    definable,
    fail,
    fail_repeat,
    named,
    refuse_missing_arrow,
    refuse_spaced_size,
    refuse_stages,
    unwrapped,
)
from .stages import as_word, value_as_stage
from .statements import DIRECTIVES
from .surroundings import EXAMPLES

MAX_DIGITS = 20
"""Longer integers are treated as typing errors."""


class BareOperator(Exception):
    """An operator at an offset where only a sign is allowed."""

    def __init__(self, offset: int) -> None:
        super().__init__(offset)
        self.offset = offset


@record(frozen=True, slots=True)
class Placed:
    """A stage with the offset where its repeat and name end."""

    stage: AnyStage
    stop: int


class TreeBuilder:
    """A method for each rule, alias and terminal; its fields must be set before each parse.

    `offset` is the start of the parsed text in `source`."""

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
        """Return `30` or `0.1` at offset `start` of the text."""
        start += self.offset
        span = Span(self.source, start, start + len(token))
        if token.isdigit():
            if len(token) > MAX_DIGITS:
                advice = f"integers have {MAX_DIGITS} digits at most"
                fail(syntax.MALFORMED_NUMBER, span, "the number is too large", help=advice)
            return Number(int(token), span)
        return Number(decimal(token, span), span)

    def WORD(self, token: Token) -> Name:
        """Return a word, or a symbolic dimension if all its letters are upper-case."""
        return self.word(str(token), token.start_pos or 0)

    def word(self, text: str, start: int) -> Name:
        """Return a word at offset `start` of the text."""
        start += self.offset
        span = Span(self.source, start, start + len(text))
        if text == "as":
            advice = "`as NAME` follows the stage it names: `dense 30 relu as hidden`"
            fail(syntax.UNEXPECTED_TOKEN, span, "`as` cannot stand here", help=advice)
        return named(text, span)

    def STRING(self, token: Token) -> Text:
        """`"LeNet"`."""
        return Text(token[1:-1], self._span(token, token))

    def size(self, parts: list[Item]) -> Size:
        """`3x3`, `Tx768`, `(k)x(k)`."""
        span = self._span(parts[0], parts[-1])
        for part in parts:
            if isinstance(unwrapped(part), StagesValue):
                fail_repeat(span.source.span(part.span.stop, span.stop))
            if not isinstance(part, Paren | Number | DimName):
                message = f"`{part.span.text}` is not a component of a size"
                advice = "components are integers, symbolic dimensions or stand in parentheses"
                fail(syntax.UNEXPECTED_TOKEN, part.span, message, help=advice)
        return Size(tuple(unwrapped(part) for part in parts), span)

    def list_value(self, parts: list[Any]) -> ListValue:
        """`[1, 2]`."""
        return ListValue(tuple(map(unwrapped, parts[1:-1])), self._span(parts[0], parts[-1]))

    def paren(self, parts: list[Any]) -> Paren:
        """`(2*n)`, or a group of stages where items are allowed."""
        return Paren(unwrapped(parts[1]), self._span(parts[0], parts[2]))

    def call(self, parts: list[Any]) -> CallValue:
        """`normal(0.01)`."""
        args = tuple(parts[2:-1])
        refuse_spaced_size(args)
        name = self.WORD(parts[0])
        if not isinstance(name, Word):  # in any case: a symbolic dimension cannot be called
            name = Word(name.id, name.span)
        return CallValue(name, args, self._span(parts[0], parts[-1]))

    # --- arithmetic -------------------------------------------------------------------------

    def negate(self, parts: list[Any]) -> Negate:
        """`-1`, `+x`."""
        sign, operand = parts
        refuse_stages(operand)
        return Negate(str(sign), unwrapped(operand), self._span(sign, operand))

    def sign(self, parts: list[Any]) -> Negate:
        """`-1` as a bare argument, since `n - 1` and `n-1` would be arithmetic."""
        sign, operand = parts
        text, start = self.source.text, self.offset + sign.start_pos
        if operand.span.start != start + 1 or re.match(r"[\w)\]]", text[start - 1]):
            raise BareOperator(start)
        return self.negate(parts)

    def binary(self, parts: list[Any]) -> Value:
        """`a * b`; after a parenthesised chain the star is a repeat."""
        left, op, right = parts
        span = self._span(left, right)
        refuse_stages(right)
        stages = unwrapped(left)
        if op == "*" and isinstance(stages, StagesValue):
            repeated = Group(stages.chain, (), unwrapped(right), None, left.span)
            return StagesValue(Chain((repeated,), span), span)
        refuse_stages(left)
        return Binary(str(op), unwrapped(left), unwrapped(right), span)

    def range_value(self, parts: list[Any]) -> Range:
        """`1:3`."""
        start, _, stop = parts
        refuse_stages(start)
        refuse_stages(stop)
        return Range(unwrapped(start), unwrapped(stop), self._span(start, stop))

    # --- arguments --------------------------------------------------------------------------

    def arg(self, parts: list[Any]) -> Arg:
        """`30`, `in=500`."""
        item = parts[-1]
        if len(parts) == 1:
            return Arg(None, item.value if isinstance(item, Paren) else item, item.span)
        return Arg(as_word(parts[0]), unwrapped(item), self._span(parts[0], item))

    # --- stages -----------------------------------------------------------------------------

    def layer(self, parts: list[Any]) -> AnyStage:
        """`dense 30 relu`, `conv(16, 3x3) relu`; among items the first part may be any value."""
        head, *args = parts
        if not args and isinstance(head, Word):
            return Stage(head, (), False, 0, None, None, head.span)
        leading = [self.arg([head])] if isinstance(head, Paren) else []
        refuse_spaced_size([*leading, *args])
        refuse_missing_arrow(head, args)
        span = self._span(head, args[-1] if args else head)
        if isinstance(head, Word | DimName):
            return Stage(as_word(head), tuple(args), False, 0, None, None, span)
        stage = self._stage_of(head)
        return replace(stage, args=(*stage.args, *args), span=span) if args else stage

    def group(self, parts: list[Any]) -> Group:
        """`( STAGE -> … ) words`."""
        opening, chain, closing, *args = parts
        refuse_missing_arrow(None, args)
        return Group(
            chain, tuple(args), None, None, self._span(opening, args[-1] if args else closing)
        )

    def fork(self, parts: list[Any]) -> Fork:
        """`[a, b] words`."""
        branches = tuple(part for part in parts if isinstance(part, Chain))
        args = tuple(part for part in parts if isinstance(part, Arg))
        refuse_missing_arrow(None, args)
        return Fork(branches, args, None, None, self._span(parts[0], parts[-1]))

    def stage(self, parts: list[Any]) -> Placed:
        """Return a stage with its repeat and its name."""
        stage, star, count, name = parts
        stop = stage.span.stop
        if star is not None:
            if isinstance(stage, Stage) and stage.args and not stage.called:
                self._fail_bare_product(stage, star, count)
            stage, stop = replace(stage, repeat=unwrapped(count)), count.span.stop
        if name is not None:
            stage, stop = replace(stage, name=definable(name)), name.span.stop
        return Placed(stage, stop)

    def named(self, parts: list[Any]) -> Placed:
        """`dense(4) as a` among items."""
        value, name = parts
        return Placed(replace(self._stage_of(value), name=definable(name)), name.span.stop)

    def chain(self, parts: list[Placed]) -> Chain:
        """`STAGE -> STAGE -> …`."""
        span = Span(self.source, parts[0].stage.span.start, parts[-1].stop)
        return Chain(tuple([placed.stage for placed in parts]), span)

    def stages(self, parts: list[Any]) -> StagesValue:
        """Return a chain among items; its first stage may have been parsed as a value."""
        first, *rest = parts
        if not isinstance(first, Placed):
            first = Placed(self._stage_of(first), first.span.stop)
        chain = self.chain([first, *rest])
        return StagesValue(chain, chain.span)

    def _stage_of(self, value: Item) -> AnyStage:
        if isinstance(value, StagesValue):  # a repeated group that was parsed as a product
            return value.chain.stages[0]
        inner = unwrapped(value)
        stage = value_as_stage(inner)
        if stage is None:
            message = f"`{value.span.text}` is not a stage"
            advice = "a stage begins with a word, `(` or `[`"
            fail(syntax.UNEXPECTED_TOKEN, value.span, message, help=advice)
        if isinstance(value, Paren) and not isinstance(inner, StagesValue):
            return Group(Chain((stage,), inner.span), (), None, None, value.span)
        return replace(stage, span=value.span) if isinstance(value, Paren) else stage

    def _fail_bare_product(self, stage: Stage, star: Token, count: Item) -> NoReturn:
        last = stage.args[-1].value
        product = f"{last.span.text}{star}{count.span.text}"
        fail(
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
        return Let(definable(name), unwrapped(value), self._span(let, value))

    def param(self, parts: list[Any]) -> BlockParam:
        """`k=3`."""
        name, equals, default = parts
        if equals is None:
            return BlockParam(definable(name), None, name.span)
        return BlockParam(definable(name), unwrapped(default), self._span(name, default))

    def block(self, parts: list[Any]) -> Block:
        """`block NAME(p, q=3) = STAGE -> …`."""
        block, name, *rest = parts
        if isinstance(name, Token):
            name = self.WORD(name)
        params = tuple(part for part in rest if isinstance(part, BlockParam))
        return Block(definable(name), params, rest[-1], self._span(block, rest[-1]))

    def directive(self, parts: list[Any]) -> Directive:
        """`WORD arg…`."""
        word, *args = parts
        refuse_spaced_size(args)
        if not args and word.id in DIRECTIVES:
            advice = f"for example `{EXAMPLES[word.id]}`"
            fail(syntax.MISSING_VALUE, word.span, f"`{word.id}` says nothing", help=advice)
        return Directive(as_word(word), tuple(args), self._span(word, parts[-1]))
