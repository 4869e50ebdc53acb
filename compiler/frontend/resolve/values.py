"""The values of lets and parameters after evaluation."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ...record import record
from .. import ast

if TYPE_CHECKING:
    from .scope import Env

Number = int | Fraction | float
"""Arithmetic on whole numbers stays exact: `width/3*3` is `width`."""


@record(frozen=True, slots=True)
class SizeConst:
    """`3x3`."""

    parts: tuple[int, ...]


@record(frozen=True, slots=True)
class RangeConst:
    """`1:3`."""

    start: int
    stop: int


@record(frozen=True, slots=True)
class ListConst:
    """`[1, 2]`."""

    items: tuple[Const, ...]


@record(frozen=True, slots=True)
class WordConst:
    """A word that names an option, an activation, a kind or a block, depending on its use."""

    id: str


@record(frozen=True, slots=True)
class CallConst:
    """`leaky_relu(0.2)` or `dense(4)`, with the scope of its arguments."""

    call: ast.CallValue
    env: Env


@record(frozen=True, slots=True)
class StagesConst:
    """Stages passed to a block, with their scope."""

    chain: ast.Chain
    env: Env


Const = bool | Number | SizeConst | RangeConst | ListConst | WordConst | CallConst | StagesConst


def describe(const: Const) -> str:
    """Describe a value for messages.

    >>> describe(3), describe(SizeConst((3, 3))), describe(True)
    ('the number 3', 'the size 3x3', 'the truth value true')
    """
    match const:
        case bool():
            return f"the truth value {str(const).lower()}"
        case int() | Fraction() | float():
            return f"the number {number_text(const)}"
        case SizeConst(parts):
            return f"the size {'x'.join(map(str, parts))}"
        case RangeConst(start, stop):
            return f"the range {start}:{stop}"
        case ListConst():
            return "a list"
        case WordConst(id):
            return f"the word `{id}`"
        case CallConst(call):
            return f"`{call.span.text}`"
        case StagesConst():
            return "a piece of a network"


def number_text(number: Number) -> str:
    """Format a number for messages.

    >>> number_text(Fraction(16, 3)), number_text(0.1), number_text(2.5e-7), number_text(7)
    ('5.33', '0.1', '2.5e-07', '7')
    """
    if isinstance(number, int):
        return str(number) if number.bit_length() < 200 else f"{float_text(number)}"
    try:
        value = float(number)
    except OverflowError:
        return float_text(int(number))
    if 0.01 <= abs(value) < 1e6:
        text = f"{value:.2f}".rstrip("0").rstrip(".")
        return text if float(text) == value or isinstance(number, Fraction) else f"{value:.6g}"
    return f"{value:.6g}"


def float_text(number: int) -> str:
    """Return a very large whole number as a power of ten."""
    return f"about {'-' * (number < 0)}10**{len(str(abs(number))) - 1}"
