"""Lowering of formulas to ops, from which their gradients follow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from ...ir.formula import COMPARISONS, Apply, Formula
from ...ir.types import DType
from ...ops.build import Builder, Value
from ...ops.elementwise import power, scale, select, unary
from ...ops.ragged import as_real, mask_steps
from ...ops.reduction import sum_over
from ...ops.source import const
from .slope import slopes
from .stable import Forms
from .walk import Walk

Operand = float | Value

_SAME = ("exp", "log", "sqrt", "abs", "sigmoid", "tanh", "relu", "softplus", "erf", "sin", "cos")


def lower_formula(
    build: Builder,
    formula: Formula,
    values: Sequence[Value],
    numbers: Mapping[str, float],
    lengths: Value | None = None,
    ragged_axis: int = 1,
) -> Value:
    """Return the value of a formula; its gradient follows from those of the ops.

    The padding of ragged rows (`lengths`, along `ragged_axis` of the full shape) is cleared before
    and after, because the derivative of a formula may be infinite there.
    """
    first = len(build.nodes)
    if lengths is not None:
        values = [mask_steps(value, lengths, ragged_axis) for value in values]
    forms = Forms(build, len(build.nodes))

    def step(term: Apply, operands: Sequence[Operand]) -> Value:
        found = forms.computed(term, operands)
        if found is None:
            found = _step(build, term, operands)
            forms.keep(term, found)
        return found

    found = _value(build, Walk(step).formula(formula, values, numbers))
    if lengths is not None:
        found = mask_steps(found, lengths, ragged_axis)
    build.unnamed.update(range(first, len(build.nodes)))
    return found


def gradient_texts(
    formula: Formula, values: Sequence[Value], found: Value, *, loss: bool = False
) -> dict[str, str]:
    """By the names of values the formulas of their gradients, which comments show."""
    shapes = [value.type.shape[1:] for value in values]
    return slopes(formula, shapes, found.type.shape[1:], loss=loss)


def formula_text(formula: Formula, numbers: Mapping[str, float]) -> str:
    """Return the formula in the names of the spec: `z * sigmoid(q * z), q=2`."""
    given = "".join(f", {name}={value:g}" for name, value in numbers.items())
    return f"{formula.name} = {formula.text}{given}"


def _step(build: Builder, term: Apply, operands: Sequence[Operand]) -> Value:
    op = term.op
    if op in COMPARISONS:
        return _compared(build, op, *operands)
    if op == "where":
        return _chosen(build, *operands)
    real = [_real(x) for x in operands]
    if len(real) == 2:
        return _BINARY[op](build, *real)
    (x,) = real
    if not isinstance(x, Value):
        raise AssertionError(f"{op} of a number")
    return _unary(op, x)


def _is_condition(x: Operand) -> bool:
    return isinstance(x, Value) and x.type.dtype is DType.BOOL


def _real(x: Operand) -> Operand:
    """Convert a condition to a number: 1 for true, 0 for false."""
    return as_real(x) if isinstance(x, Value) and _is_condition(x) else x


def _value(build: Builder, x: Operand) -> Value:
    return const(build, x) if isinstance(x, float) else x


def _unary(op: str, x: Value) -> Value:
    last = (x.type.rank - 1,)
    match op:
        case "neg":
            return scale(x, -1.0)
        case "sum":
            return sum_over(x, last, keepdims=True)
        case "mean":
            return scale(sum_over(x, last, keepdims=True), 1.0, x.type.shape[-1])
        case "max":
            return x.builder.emit("max", x, axes=last, keepdims=True)
        case "min":
            least = x.builder.emit("max", scale(x, -1.0), axes=last, keepdims=True)
            return scale(least, -1.0)
        case "softmax" | "stop":
            return unary(op, x)
    assert op in _SAME
    return unary(op, x)


def _compared(build: Builder, op: str, a: Operand, b: Operand) -> Value:
    a, b = (_real(x) for x in (a, b))
    one, two = _value(build, a), _value(build, b)
    match op:
        case ">":
            return build.emit("greater", one, two)
        case "<":
            return build.emit("greater", two, one)
        case ">=":
            return build.emit("at_least", one, two)
        case "<=":
            return build.emit("at_least", two, one)
        case "==":
            return build.emit("equal", one, two)
    return const(build, 1.0) - as_real(build.emit("equal", one, two))


def _chosen(build: Builder, condition: Operand, yes: Operand, no: Operand) -> Value:
    """Select; two plain numbers are blended by a mask, since np.where would change the dtype."""
    condition = _value(build, condition)
    if not _is_condition(condition):  # the result of `!=`: 1 where the values differ
        condition = build.emit("greater", condition, const(build, 0.5))
    yes, no = (_real(x) for x in (yes, no))
    if isinstance(yes, float) and isinstance(no, float):
        return scale(as_real(condition), yes - no) + const(build, no)
    return select(condition, _value(build, yes), _value(build, no))


def _add(build: Builder, a: Operand, b: Operand) -> Value:
    return _value(build, a) + _value(build, b)


def _sub(build: Builder, a: Operand, b: Operand) -> Value:
    return _value(build, a) - _value(build, b)


def _mul(build: Builder, a: Operand, b: Operand) -> Value:
    if isinstance(a, float):
        return scale(_value(build, b), a)
    return scale(a, b) if isinstance(b, float) else a * b


def _div(build: Builder, a: Operand, b: Operand) -> Value:
    return _value(build, a) / _value(build, b)


def _pow(build: Builder, a: Operand, b: Operand) -> Value:
    """Return a constant power, or exp(b · log a)."""
    if isinstance(b, float):
        a = _value(build, a)
        if b == 0:
            return scale(a, 0.0) + const(build, 1.0)
        return unary("sqrt", a) if b == 0.5 else power(a, b)
    if isinstance(a, float) and a > 0:
        return unary("exp", scale(b, math.log(a)))
    return unary("exp", b * unary("log", _value(build, a)))


def _least(build: Builder, a: Operand, b: Operand) -> Value:
    return scale(_most(build, _neg(a), _neg(b)), -1.0)


def _neg(x: Operand) -> Operand:
    return -x if isinstance(x, float) else scale(x, -1.0)


def _most(build: Builder, a: Operand, b: Operand) -> Value:
    return build.emit("maximum", _value(build, a), _value(build, b))


_BINARY: Mapping[str, Callable[[Builder, Operand, Operand], Value]] = {
    "+": _add,
    "-": _sub,
    "*": _mul,
    "/": _div,
    "**": _pow,
    "min": _least,
    "max": _most,
}
