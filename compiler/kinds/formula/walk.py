"""Bottom-up evaluation of a formula, on shapes or on values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from ...diagnostics.codes import limits, names
from ...ir.formula import Apply, Constant, Formula, Invoke, Named, Term
from ..shapes.context import ShapeFault

if TYPE_CHECKING:
    from decimal import Decimal

MAX_STEPS = 2000
"""The limit of operations of one formula, including the formulas that it calls."""

V = TypeVar("V")

Step = Callable[[Apply, Sequence["float | V"]], "float | V"]
"""Applies an operator or function to operands, at least one of which is not a number."""


def _written(x: float) -> Decimal:
    """The decimal that was written, so that 0.9 - 1 is -0.1 in the module, not -0.09999999999999998."""
    from decimal import Decimal  # takes 3 ms, and few formulas compute with numbers

    return Decimal(repr(x))


_NUMBERS: Mapping[str, Callable[..., float]] = {
    "+": lambda a, b: float(_written(a) + _written(b)),
    "-": lambda a, b: float(_written(a) - _written(b)),
    "*": lambda a, b: float(_written(a) * _written(b)),
    "/": lambda a, b: a / b,
    "**": lambda a, b: math.pow(a, b),
    "neg": lambda a: -a,
    "<": lambda a, b: float(a < b),
    "<=": lambda a, b: float(a <= b),
    ">": lambda a, b: float(a > b),
    ">=": lambda a, b: float(a >= b),
    "==": lambda a, b: float(a == b),
    "!=": lambda a, b: float(a != b),
    "where": lambda c, a, b: a if c else b,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "min": min,
    "max": max,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)),
    "tanh": math.tanh,
    "relu": lambda a: max(a, 0.0),
    "softplus": lambda a: max(a, 0.0) + math.log1p(math.exp(-abs(a))),
    "erf": math.erf,
    "sin": math.sin,
    "cos": math.cos,
    "stop": lambda a: a,
}


class Walk(Generic[V]):
    """The evaluation of one formula; raises ShapeFault if it has too many steps."""

    def __init__(self, step: Step[V]) -> None:
        self.step = step
        self.count = 0

    def formula(
        self, formula: Formula, values: Sequence[V | float], numbers: Mapping[str, float]
    ) -> float | V:
        """Return the result of the formula for these values."""
        known = {**dict(zip(formula.values, values, strict=True)), **numbers}
        return self._term(formula.body, known)

    def _term(self, term: Term, known: Mapping[str, float | V]) -> float | V:
        self.count += 1
        if self.count > MAX_STEPS:
            raise ShapeFault(
                limits.EXPANSION_TOO_LARGE,
                f"the formula takes more than {MAX_STEPS:,} operations, "
                "those of the formulas it calls included",
            )
        match term:
            case Constant(value):
                return value
            case Named(id):
                return known[id]
            case Apply(_, operands):
                return self._apply(term, [self._term(inner, known) for inner in operands])
            case Invoke(formula, values, numbers):
                given = [self._term(inner, known) for inner in values]
                parameters = zip(formula.numbers, numbers, strict=True)
                found = {name: self._number(inner, known) for (name, _), inner in parameters}
                return self.formula(formula, given, found)

    def _number(self, term: Term, known: Mapping[str, float | V]) -> float:
        """Return a term whose operands are all numbers, as those of a number parameter are."""
        found = self._term(term, known)
        if isinstance(found, float):
            return found
        raise TypeError(f"not a number: {term}")

    def _apply(self, term: Apply, operands: Sequence[float | V]) -> float | V:
        numbers = [x for x in operands if isinstance(x, float)]
        if len(numbers) == len(operands) and term.op in _NUMBERS and not runs_over_axis(term):
            return computed(term, numbers)
        if term.op == "/" and operands[1] == 0.0:
            raise without_result(term, "divides by 0")
        if term.op == "where" and isinstance(operands[0], float):
            return operands[1] if operands[0] else operands[2]
        return self.step(term, operands)


def runs_over_axis(term: Apply) -> bool:
    """Whether a function runs over the last axis, which a number does not have."""
    return term.op in ("sum", "mean", "softmax") or (
        term.op in ("min", "max") and len(term.operands) == 1
    )


def computed(term: Apply, numbers: Sequence[float]) -> float:
    """What an operation makes of numbers; raises ShapeFault where it has no result."""
    try:
        result = _NUMBERS[term.op](*numbers)
    except (ValueError, ArithmeticError):
        result = math.nan
    if math.isfinite(result):
        return float(result)
    raise without_result(term, f"its numbers are {', '.join(f'{x:g}' for x in numbers)}")


def without_result(term: Apply, why: str) -> ShapeFault:
    """The fault of an operation on numbers that has no result."""
    return ShapeFault(
        names.NOT_COMPUTABLE,
        f"`{term.span.text}` has no result in the formula",
        here=why,
        also=((term.span, "computed here"),),
    )


def reduces(formula: Formula, numbers: Mapping[str, float]) -> bool:
    """Return whether any part of a formula reduces or works along the last axis of a value."""
    found: list[bool] = []

    def step(term: Apply, operands: Sequence[float | object]) -> object:
        found.append(runs_over_axis(term))
        return term

    Walk[object](step).formula(formula, [object() for _ in formula.values], numbers)
    return any(found)
