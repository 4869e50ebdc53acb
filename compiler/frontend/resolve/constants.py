"""Evaluation of lets, parameters and arithmetic."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from math import isfinite

from ...diagnostics.codes import limits
from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix, Label
from ...ir.bounds import MAX_AXES, MAX_WHOLE
from ...source import Span
from .. import ast
from .fixes import unquoted
from .scope import Env, Fault, TooLarge
from .values import (
    CallConst,
    Const,
    ListConst,
    Number,
    RangeConst,
    SizeConst,
    StagesConst,
    WordConst,
    describe,
    number_text,
)

MAX_BITS = 4096
"""Most bits of a whole number; longer ones are useless in a spec and could exhaust the memory."""

MAX_LETS = 100
"""Most lets that may refer to each other in a row against the order of the file."""


def lookup(name: str, env: Env) -> Const | None:
    """Return the value of a parameter or let, or None if there is none of that name."""
    if name in env.params:
        value = env.params[name]
        if value is None:
            raise Fault
        return value
    if name in env.state.lets:
        return let_value(name, env)
    if name in env.state.poisoned:
        raise Fault
    return None


def let_value(name: str, env: Env, used: bool = True) -> Const:
    """Return the value of a let, which is evaluated on first use."""
    state = env.state
    if used:
        state.used.add(name)
    if name not in state.values:
        let = state.lets[name]
        _refuse_cycle(let, env)
        state.evaluating[name] = let
        try:
            state.values[name] = _let(let, Env(state, env.scope))
        except Fault:
            state.values[name] = None
        finally:
            del state.evaluating[name]
    value = state.values[name]
    if value is None:
        raise Fault
    return value


def judge_let(let: ast.Let, env: Env) -> None:
    """Report errors in the value of a let whose name is refused."""
    with suppress(Fault):
        _let(let, Env(env.state, env.scope))


def _refuse_cycle(let: ast.Let, env: Env) -> None:
    evaluating = env.state.evaluating
    if let.name.id in evaluating:
        names = list(evaluating)
        cycle = names[names.index(let.name.id) :]
        raise env.fault(
            codes.CYCLIC_LET,
            let.span,
            f"`{let.name.id}` is defined by itself: {' -> '.join([*cycle, let.name.id])}",
            labels=[Label(evaluating[n].span, f"`{n}` is defined here") for n in cycle[1:]],
        )
    if len(evaluating) >= MAX_LETS:
        raise TooLarge(
            env.fault(
                limits.EXPANSION_TOO_LARGE,
                let.span,
                f"more than {MAX_LETS} lets refer to others further down, one after the other",
                help="define lets before those that use them",
            )
        )


def _let(let: ast.Let, env: Env) -> Const:
    value = evaluate(let.value, env)
    _refuse_unknown(value, let.value, env)
    if isinstance(value, WordConst | CallConst | StagesConst | RangeConst):
        raise env.fault(
            codes.WRONG_VALUE,
            let.value.span,
            f"a let holds a number, a size, a list or a truth value, not {describe(value)}",
            help="pieces of a network are named with `block`",
        )
    return value


def _refuse_unknown(const: Const, value: ast.Value, env: Env) -> None:
    """Refuse a let whose value, or an item of it, is an undefined word."""
    if isinstance(value, ast.ListValue) and isinstance(const, ListConst):
        for item, written in zip(const.items, value.items, strict=True):
            _refuse_unknown(item, written, env)
    elif isinstance(value, ast.Word) and _is_undefined(const, env):
        raise env.unknown(value, "a let", env.state.lets)


def _is_undefined(const: Const, env: Env) -> bool:
    return isinstance(const, WordConst) and not env.state.kinds.find(const.id)


def evaluate(value: ast.Value, env: Env) -> Const:
    """Evaluate a value; words that are no let or parameter stay words."""
    match value:
        case ast.Number():
            return _finite(value.value, value, env)
        case ast.Word(id):
            known = lookup(id, env)
            if known is not None:
                return known
            lower = id.lower()
            return lower == "true" if lower in ("true", "false") else WordConst(id)
        case ast.DimName(id):
            if id in ("TRUE", "FALSE"):
                return id == "TRUE"
            raise misplaced_symbol(value, env)
        case ast.Text():
            raise env.fault(
                codes.WRONG_VALUE,
                value.span,
                "a quoted text has no place here",
                help="" if value.value else "leave out the quotes",
                fixes=unquoted(value),
            )
        case ast.Size(parts):
            check_axes(value, env)
            return SizeConst(tuple(whole(part, env) for part in parts))
        case ast.Range(start, stop):
            return RangeConst(whole(start, env), whole(stop, env))
        case ast.Negate() | ast.Binary():
            return number(value, env)
        case ast.ListValue(items):
            return ListConst(tuple(evaluate(item, env) for item in items))
        case ast.CallValue():
            return CallConst(value, env)
        case ast.StagesValue(chain):
            return StagesConst(chain, env)


def misplaced_symbol(value: ast.DimName, env: Env) -> Fault:
    """Return the fault of a symbolic dimension outside an input's shape."""
    return env.fault(
        codes.MISPLACED_SYMBOL,
        value.span,
        f"`{value.id}` is a symbolic dimension, known only when the network runs",
        help="symbolic dimensions stand in the shapes of inputs only; for a constant write a "
        f"lower-case name, `let {value.id.lower()} = …`",
    )


def number(value: ast.Value, env: Env) -> Number:
    """Evaluate a value that must be a number."""
    match value:
        case ast.Binary():
            return _binary(value, env)
        case ast.Negate(sign, operand):
            inner = number(operand, env)
            return -inner if sign == "-" else inner
        case _:
            return as_number(evaluate(value, env), value, env)


def as_number(const: Const, value: ast.Value, env: Env, what: str = "a number is needed") -> Number:
    """Return a constant that must be a number; `value` is where it was written."""
    if isinstance(const, bool) or not isinstance(const, int | Fraction | float):
        raise not_fitting(const, value, env, what)
    return const


def not_fitting(
    const: Const,
    value: ast.Value,
    env: Env,
    what: str,
    help: str = "",
    fixes: tuple[Fix, ...] = (),
) -> Fault:
    """Return the fault of a value of the wrong type; an undefined word is an unknown name."""
    if not isinstance(value, ast.Word) or value.id.lower() in ("true", "false"):
        message = f"{what}, not {describe(const)}"
        return env.fault(codes.WRONG_VALUE, value.span, message, help=help, fixes=fixes)
    if value.id not in env.params and _is_undefined(const, env):
        stage = env.scope.find(value.id)
        if stage is None:
            return env.unknown(value, "a let or a parameter", env.constants())
        if stage.end.layer is None:
            return Fault()
        return env.fault(
            codes.WRONG_VALUE,
            value.span,
            f"{what}, and `{value.id}` is the value of a stage",
            labels=[Label(stage.span, "named here")],
        )
    blame = (value.id, env.calls)
    if value.id in env.params and blame in env.state.blamed:
        return Fault()
    env.state.blamed.add(blame)
    message = f"{what}; `{value.id}` is {describe(const)}"
    return env.fault(codes.WRONG_VALUE, value.span, message, labels=origin(value, env))


def _binary(value: ast.Binary, env: Env) -> Number:
    """Evaluate a chain of operators, a left-leaning tree, without recursion along its spine."""
    spine: list[ast.Binary] = []
    left: ast.Value = value
    while isinstance(left, ast.Binary):
        spine.append(left)
        left = left.left
    result = number(left, env)
    for step in reversed(spine):
        result = _operate(step, result, number(step.right, env), env)
    return result


def _operate(step: ast.Binary, a: Number, b: Number, env: Env) -> Number:
    if step.op in ("/", "//", "%") and b == 0:
        raise env.fault(
            codes.NOT_COMPUTABLE,
            step.right.span,
            f"division by zero in `{inner_text(step.span)}`",
            here="this is zero",
        )
    if step.op == "**":
        return _power(step, a, b, env)
    try:
        match step.op:
            case "+":
                result = a + b
            case "-":
                result = a - b
            case "*":
                result = a * b
            case "/":
                exact = not isinstance(a, float) and not isinstance(b, float)
                result = Fraction(a) / Fraction(b) if exact else float(a) / float(b)
            case "//":
                result = a // b
            case _:
                result = a % b
    except OverflowError:
        raise _no_result(step, "the result is too large", env) from None
    return _finite(result, step, env)


def _power(step: ast.Binary, a: Number, b: Number, env: Env) -> Number:
    if a == 0 and b < 0:
        raise _no_result(step, "zero to a negative power", env)
    if not isinstance(a, float) and (b if b > 0 else -b) * max(_bits(a), 1) > MAX_BITS:
        raise _no_result(step, "the result is too large", env)
    try:
        result = a**b
    except OverflowError:
        raise _no_result(step, "the result is too large", env) from None
    if isinstance(result, complex):
        raise _no_result(step, "a negative number has no such root", env)
    return _finite(result, step, env)


def _bits(number: int | Fraction) -> int:
    return max(number.numerator.bit_length(), number.denominator.bit_length())


def _finite(number: Number, value: ast.Value, env: Env) -> Number:
    if isinstance(number, float):
        if not isfinite(number):
            raise _no_result(value, "the number is too large", env)
        return number
    if _bits(number) > MAX_BITS:
        raise _no_result(value, "the result is too large", env)
    return number.numerator if number.denominator == 1 else number


def _no_result(value: ast.Value, why: str, env: Env) -> Fault:
    return env.fault(codes.NOT_COMPUTABLE, value.span, f"{why} in `{inner_text(value.span)}`")


def whole(value: ast.Value, env: Env, what: str = "a whole number is needed") -> int:
    """Evaluate a value that must be a whole number; `16.0` and `1e3` are whole."""
    return as_whole(evaluate(value, env), value, env, what)


def as_whole(
    const: Const, value: ast.Value, env: Env, what: str = "a whole number is needed"
) -> int:
    """Return a constant that must be a whole number; `value` is where it was written."""
    found = as_number(const, value, env, what)
    if found == int(found):
        return _held(int(found), value, env)
    blame_let(value, env)
    raise env.fault(
        codes.NOT_WHOLE,
        value.span,
        f"{shown(value, found)} is not a whole number",
        labels=origin(value, env),
        fixes=_floor_fix(value, found),
    )


def blame_let(value: ast.Value, env: Env) -> None:
    """Mark the let of a wrong number, so that only its first use is reported."""
    if isinstance(value, ast.Word) and value.id in env.state.lets and value.id not in env.params:
        if (value.id, ()) in env.state.blamed:
            raise Fault
        env.state.blamed.add((value.id, ()))


def origin(value: ast.Value, env: Env) -> tuple[Label, ...]:
    """Return the definition of a value that is only named here."""
    if not isinstance(value, ast.Word) or value.id in env.params:
        return ()
    let = env.state.lets.get(value.id)
    return (Label(let.value.span, f"`{value.id}` comes from here"),) if let else ()


def _held(number: int, value: ast.Value, env: Env) -> int:
    """Refuse a whole number beyond a machine integer, the limit of array sizes."""
    if abs(number) > MAX_WHOLE:
        way, end = ("up", MAX_WHOLE) if number > 0 else ("down", -MAX_WHOLE)
        raise env.fault(
            codes.OUT_OF_BOUNDS,
            value.span,
            f"{shown(value, number)} does not fit into 64 bits",
            here=f"whole numbers go {way} to {end:,}",
            labels=origin(value, env),
        )
    return number


def check_axes(size: ast.Size, env: Env) -> None:
    """Refuse a size with more components than arrays have axes."""
    if len(size.parts) > MAX_AXES:
        raise env.fault(
            limits.TOO_MANY_AXES,
            size.span,
            f"a size of {len(size.parts):,} components",
            here=f"at most {MAX_AXES}, not counting the batch",
            help="NumPy's arrays have no more axes",
        )


def _floor_fix(value: ast.Value, found: Number) -> tuple[Fix, ...]:
    if not isinstance(value, ast.Binary) or value.op != "/":
        return ()
    between = Span(value.span.source, value.left.span.stop, value.right.span.start)
    at = between.start + between.text.find("/")
    title = f"round down to {number_text(int(found // 1))} with `//`"
    return (Fix(title, (Edit(Span(between.source, at, at + 1), "//"),)),)


def shown(value: ast.Value, number: Number) -> str:
    """Return a number with the arithmetic behind it: `width/3 = 5.33`, or just `5.33`."""
    text = inner_text(value.span)
    result = number_text(number)
    return result if isinstance(value, ast.Number) or text == result else f"{text} = {result}"


def inner_text(span: Span) -> str:
    """Return the text of a value on one line, without parentheses around all of it."""
    text = " ".join(span.text.split())
    while text.startswith("(") and text.endswith(")") and _encloses(text):
        text = text[1:-1].strip()
    return text


def _encloses(text: str) -> bool:
    depth = 0
    for i, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return i == len(text) - 1
    return False
