"""Constructs that the grammar accepts and the tree builder refuses, with their messages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, NoReturn

from ..diagnostics.codes import syntax
from ..diagnostics.model import Code, Diagnostic, Edit, Fix
from ..record import record
from ..source import Span
from .ast import (
    Arg,
    Binary,
    DimName,
    ListValue,
    Number,
    Size,
    StagesValue,
    Value,
    Word,
)
from .stages import as_word

Name = Word | DimName


def named(text: str, span: Span) -> Name:
    """Return a word, or a symbolic dimension if all its letters are upper-case."""
    return DimName(text, span) if text.isupper() and "_" not in text else Word(text, span)


@record(frozen=True, slots=True)
class Paren:
    """A value in parentheses; removed once the node around it has its span."""

    value: Value
    span: Span


Item = Value | Paren


class SyntaxFault(Exception):
    """A construct that the grammar accepts and the language does not; carries the diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def fail(code: Code, span: Span, message: str, *, help: str = "", fix: str = "") -> NoReturn:
    """Raise the fault, with a fix if there is a replacement."""
    fixes = (Fix(f"write `{fix}`", (Edit(span, fix),), safe=True),) if fix else ()
    raise SyntaxFault(code.at(span, message, help=help, fixes=fixes))


def fail_repeat(span: Span) -> NoReturn:
    """Refuse a group repeated as in `(…) x3`."""
    count = span.text.lstrip("x") or "3"
    fail(
        syntax.REPEAT_AS_SIZE,
        span,
        "a repeat is written with `*`",
        help=f"write `* {count}`",
        fix=f" * {count}",
    )


def decimal(text: str, span: Span) -> float:
    """Return the number of a text; refuses one beyond the range of floats."""
    value = float(text)
    if math.isinf(value):
        advice = "the largest decimal is about 1.8e308"
        fail(syntax.MALFORMED_NUMBER, span, "the number is too large", help=advice)
    return value


def definable(name: Name) -> Word:
    """Return a name that can be defined: lower-case, since upper-case names are dimensions."""
    if re.fullmatch(r"[a-z][a-z0-9_]*", name.id):
        return as_word(name)
    lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.id).lower().lstrip("_")
    fail(
        syntax.INVALID_NAME,
        name.span,
        f"`{name.id}` is not a name",
        help="names are lower-case letters, digits and `_`"
        + (f": `{lower}`" if re.fullmatch(r"[a-z][a-z0-9_]*", lower) else ""),
    )


def refuse_stages(operand: Item) -> None:
    """Refuse stages as operands of arithmetic."""
    value = unwrapped(operand)
    if isinstance(value, StagesValue):
        message = "stages cannot be computed with"
        fail(syntax.UNEXPECTED_TOKEN, operand.span, message, help="a repeat is `( … ) * 3`")


def refuse_spaced_size(args: Sequence[Arg]) -> None:
    """Refuse `3 x 8`, which reads as three arguments."""
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
            fail(syntax.SPACED_SIZE, span, message, help=f"write `{joined}`", fix=joined)


def _is_component(arg: Arg) -> bool:
    return arg.key is None and isinstance(arg.value, Number | DimName | Word | Binary | Size)


def refuse_missing_arrow(head: Item | None, args: Sequence[Arg]) -> None:
    """Refuse a fork or group after arguments: it is the next stage without its arrow.

    The first argument of `KIND ARG` is allowed, since a block may take stages that way."""
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


def unwrapped(item: Any) -> Any:
    """Return the value inside parentheses; anything else unchanged."""
    return item.value if isinstance(item, Paren) else item
