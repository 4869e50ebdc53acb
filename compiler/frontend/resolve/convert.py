"""Conversion of a value to the type of its argument."""

from __future__ import annotations

from collections.abc import Sequence

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix
from ...diagnostics.suggest import listing
from ...ir.layer_graph import ArgValue, Call, NamedValue
from ...kinds.arguments import (
    ArgSpec,
    Flag,
    Init,
    Int,
    Ints,
    LayerName,
    Num,
    Numbers,
    Option,
    Ranges,
    SizeOf,
    ValueName,
)
from ...kinds.inits import INITS
from .. import ast
from ..elsewhere import Sort
from .constants import as_number, as_whole, blame_let, evaluate, lookup, not_fitting, origin, shown
from .hints import hint, said
from .scope import Env, Fault
from .values import (
    CallConst,
    Const,
    ListConst,
    Number,
    RangeConst,
    SizeConst,
    WordConst,
    number_text,
)

MAX_FLOAT = 10**300
"""Whole numbers beyond this do not fit a float."""


def convert(spec: ArgSpec, kind: str, value: ast.Value, env: Env) -> ArgValue:
    """Convert the value of one argument of `kind`; raises Fault after reporting errors."""
    what = f"`{spec.name}` of `{kind}`"
    match spec.type:
        case Int(sizes=True) if isinstance(value, ast.DimName):
            return _input_size(value, env)
        case Int():
            whole = as_whole(evaluate(value, env), value, env, f"{what} is a whole number")
            _check_bounds(whole, spec.name, spec.type, value, env)
            return whole
        case Num():
            found = as_number(evaluate(value, env), value, env, f"{what} is a number")
            _check_bounds(found, spec.name, spec.type, value, env)
            return to_float(found, value, env)
        case Flag():
            return _flag(what, value, env)
        case Option(words):
            return _option(spec.name, what, words, value, env)
        case SizeOf():
            return _size(what, spec.type, value, env)
        case Numbers():
            return _numbers(what, spec.type, value, env)
        case Ints() | Ranges():
            return convert_all(spec, kind, [value], env)
        case LayerName():
            return layer_name(spec.name, value, env)
        case ValueName():
            return named_value(spec.name, value, env)
        case Init():
            return _init(what, value, env)


def convert_all(spec: ArgSpec, kind: str, values: Sequence[ast.Value], env: Env) -> ArgValue:
    """Convert the values of an argument that takes all remaining positions."""
    what = f"`{spec.name}` of `{kind}`"
    found: list[ArgValue] = []
    for value in values:
        const = evaluate(value, env)
        for item in const.items if isinstance(const, ListConst) else (const,):
            if not isinstance(spec.type, Ranges):
                found.append(as_whole(item, value, env, f"{what} is made of whole numbers"))
            elif isinstance(item, RangeConst):
                found.append((item.start, item.stop))
            else:
                raise not_fitting(item, value, env, f"{what} is made of ranges such as `1:3`")
    return tuple(found)


def needs(spec: ArgSpec) -> tuple[str, ...]:
    """Return the words that an option or initialisation may be."""
    match spec.type:
        case Option(words) | Numbers(words=words) | SizeOf(words=words):
            return words
        case Init():
            return tuple(INITS)
        case _:
            return ()


def bounds_text(type: Int | Num) -> str:
    """Format bounds for messages.

    >>> bounds_text(Int(low=1)), bounds_text(Num(0, 1, open_high=True))
    ('at least 1', 'at least 0 and less than 1')
    """
    parts = []
    if type.low is not None:
        above = isinstance(type, Num) and type.open_low
        parts.append(f"{'greater than' if above else 'at least'} {type.low:g}")
    if type.high is not None:
        below = isinstance(type, Num) and type.open_high
        parts.append(f"{'less than' if below else 'at most'} {type.high:g}")
    return " and ".join(parts)


def _check_bounds(found: Number, name: str, type: Int | Num, value: ast.Value, env: Env) -> None:
    """Refuse a number outside an argument's bounds."""
    low: float | None = type.low
    high: float | None = type.high
    above = isinstance(type, Num) and type.open_low
    below = isinstance(type, Num) and type.open_high
    too_low = low is not None and (found < low or (above and found == low))
    too_high = high is not None and (found > high or (below and found == high))
    if not too_low and not too_high:
        return
    blame_let(value, env)
    percent = isinstance(type, Num) and high == 1 and 1 < found <= 100
    raise env.fault(
        codes.OUT_OF_BOUNDS,
        value.span,
        f"`{name}` must be {bounds_text(type)}, not {shown(value, found)}",
        labels=origin(value, env),
        help=f"{number_text(found)} percent is {float(found) / 100:g}" if percent else "",
    )


def to_float(found: Number, value: ast.Value, env: Env) -> float:
    """Convert a number to float; refuse one that is too large."""
    if not -MAX_FLOAT <= found <= MAX_FLOAT:
        raise env.fault(codes.NOT_COMPUTABLE, value.span, f"{shown(value, found)} is too large")
    return float(found)


def _flag(what: str, value: ast.Value, env: Env) -> bool:
    if isinstance(value, ast.DimName) and value.id.lower() in ("true", "false"):
        return value.id.lower() == "true"
    const = evaluate(value, env)
    if isinstance(const, WordConst):
        raise env.fault(
            codes.UNKNOWN_CHOICE,
            value.span,
            f"{what} is `true` or `false`, not `{const.id}`",
            **said(hint(const.id, Sort.CHOICE, ("true", "false")), value.span),
        )
    if not isinstance(const, bool):
        raise not_fitting(const, value, env, f"{what} is `true` or `false`")
    return const


def _word(value: ast.Value, env: Env) -> str | None:
    """Resolve a value to a word; None for a let or parameter of another type."""
    if isinstance(value, ast.DimName):
        return value.id
    if isinstance(value, ast.Word):
        const = lookup(value.id, env)
        if const is None:
            return value.id
        return const.id if isinstance(const, WordConst) else None
    return None


def _option(name: str, what: str, words: tuple[str, ...], value: ast.Value, env: Env) -> str:
    word = value.id if isinstance(value, ast.Word) and value.id in words else _word(value, env)
    if word is not None and word.lower() in words:
        return word.lower()
    if word is None:
        from ..elsewhere.arguments import NUMBERS

        wanted, advice = f"{what} is one of {listing(words)}", NUMBERS.get(name, "")
        raise not_fitting(evaluate(value, env), value, env, wanted, advice)
    raise _unknown_word(what, word, f"it is one of {listing(words)}", words, value, env)


def _unknown_word(
    what: str, word: str, wanted: str, words: tuple[str, ...], value: ast.Value, env: Env
) -> Fault:
    """Return the fault of a word that is not among the options of an argument."""
    parts = said(hint(word, Sort.CHOICE, words), value.span)
    parts["help"] = parts["help"] or wanted
    return env.fault(codes.UNKNOWN_CHOICE, value.span, f"{what} cannot be `{word}`", **parts)


def _size(what: str, type: SizeOf, value: ast.Value, env: Env) -> ArgValue:
    sizes = ["a size such as `3x3`", *["both ends such as `1:0`"] * type.sides]
    wanted = " or ".join((*sizes, *(f"`{word}`" for word in type.words)))
    if type.words and (word := _word(value, env)) is not None:
        return _instead(what, word, wanted, type.words, value, env)
    if type.sides and isinstance(value, ast.Size):
        return tuple(_side(evaluate(part, env), part, type, wanted, env) for part in value.parts)
    if type.sides and isinstance(value, ast.Range):
        _refuse_bare_ends(value, env)
    const, rank = evaluate(value, env), type.rank
    if type.sides and isinstance(const, RangeConst):
        return (_side(const, value, type, wanted, env),)
    if not isinstance(const, SizeConst):
        parts: tuple[int, ...] = (as_whole(const, value, env, f"{what} is {wanted}"),)
    else:
        parts = const.parts
        if rank is not None and len(parts) != rank:
            raise env.fault(
                codes.WRONG_VALUE,
                value.span,
                f"{what} has {rank} component{'s' * (rank != 1)}, not {len(parts)}",
            )
    for part in parts:
        _check_component(part, type, value, env)
    return parts


def _check_component(part: int, type: SizeOf, value: ast.Value, env: Env) -> None:
    """Refuse a component of a size below its bound."""
    if part < type.low:
        raise env.fault(
            codes.OUT_OF_BOUNDS,
            value.span,
            f"a component of a size must be at least {type.low}, not {part}",
        )


def _refuse_bare_ends(value: ast.Range, env: Env) -> None:
    """Refuse `1:0x2`, in which the second end reads as a size."""
    start, stop = value.start, value.stop
    if isinstance(start, ast.Size) or isinstance(stop, ast.Size):
        raise env.fault(
            codes.WRONG_VALUE,
            value.span,
            "the two ends of one axis among several stand in parentheses",
            help="for example `(1:0)x2`: one cell in front of the first axis, two around the second",
        )


def _side(const: Const, value: ast.Value, type: SizeOf, wanted: str, env: Env) -> ArgValue:
    """Return what is added at the ends of an axis: a number for both, or two different ones."""
    if isinstance(const, RangeConst):
        ends = (const.start, const.stop)
    else:
        ends = (as_whole(const, value, env, f"a component is {wanted}"),) * 2
    for end in ends:
        _check_component(end, type, value, env)
    return ends[0] if ends[0] == ends[1] else ends


def _numbers(
    what: str, type: Numbers, value: ast.Value, env: Env
) -> float | str | tuple[float, ...]:
    found: tuple[float, ...]
    numbers = "whole numbers" if type.whole else "numbers"
    listed = f"a number or a list of {numbers}" if type.single else f"a list of {numbers}"
    wanted = " or ".join((listed, *(f"`{word}`" for word in type.words)))
    if type.words and (word := _word(value, env)) is not None:
        return _instead(what, word, wanted, type.words, value, env)
    const = evaluate(value, env)
    if not isinstance(const, ListConst) and not type.single:
        raise not_fitting(const, value, env, f"{what} is {wanted}", fixes=_as_list(const, value))
    items = const.items if isinstance(const, ListConst) else (const,)
    if not items:
        raise env.fault(codes.WRONG_VALUE, value.span, f"{what} is an empty list")
    if type.whole:
        found = tuple(as_whole(item, value, env, f"{what} is {wanted}") for item in items)
    else:
        found = tuple(
            to_float(as_number(item, value, env, f"{what} is {wanted}"), value, env)
            for item in items
        )
    if type.nonzero and 0.0 in found:
        raise env.fault(codes.OUT_OF_BOUNDS, value.span, f"{what} must not be zero")
    if type.low is not None and min(found) < type.low:
        raise env.fault(
            codes.OUT_OF_BOUNDS,
            value.span,
            f"{what} must be at least {type.low:g}, not {min(found):g}",
        )
    return found if isinstance(const, ListConst) else found[0]


def _as_list(const: Const, value: ast.Value) -> tuple[Fix, ...]:
    """Return the fix that makes a list of one number."""
    if not isinstance(const, int | float) or isinstance(const, bool):
        return ()
    text = f"[{value.span.text}]"
    return (Fix(f"write `{text}`", (Edit(value.span, text),)),)


def _instead(
    what: str, word: str, wanted: str, words: tuple[str, ...], value: ast.Value, env: Env
) -> str:
    """Return the message for a word in place of numbers or of a size."""
    if word.lower() in words:
        return word.lower()
    raise _unknown_word(what, word, f"it is {wanted}", words, value, env)


def layer_name(key: str, value: ast.Value, env: Env) -> str:
    """Return the full name of the layer that a word refers to."""
    from .sharing import layer_named

    return layer_named(key, _stage_word(key, value, env), env)


def named_value(key: str, value: ast.Value, env: Env) -> NamedValue:
    """Return the layer whose value a word refers to."""
    from .sharing import find_stage

    word = _stage_word(key, value, env)
    layer = find_stage(word, env).end.layer
    assert layer is not None
    return NamedValue(word.id, layer)


def _input_size(value: ast.DimName, env: Env) -> NamedValue | str:
    """Return a symbolic size by its name, with the input whose rows have lengths along it, if any."""
    known = env.state.sizes
    if value.id not in known:
        advice = f"sizes of inputs so far: {listing(known)}" if known else ""
        raise env.unknown(value, "a size of an input before this place", known, advice)
    padded = known[value.id]
    return value.id if padded is None else NamedValue(value.id, padded)


def _stage_word(key: str, value: ast.Value, env: Env) -> ast.Word:
    if not isinstance(value, ast.Word):
        raise env.fault(codes.WRONG_VALUE, value.span, f"`{key}` is the name of a stage")
    return value


def _init(what: str, value: ast.Value, env: Env) -> Call:
    from .arguments import bind
    from .schema import Schema

    args: tuple[ast.Arg, ...] = ()
    name, seen = _word(value, env), env
    const = evaluate(value, env) if name is None else None
    if isinstance(const, CallConst):
        name, args, seen = const.call.name.id, const.call.args, const.env
    elif name is None:
        assert const is not None
        raise not_fitting(const, value, env, f"{what} is an initialisation such as `he`")
    kinds = {alias: kind for kind in INITS.values() for alias in (kind.name, *kind.aliases)}
    if name.lower() not in kinds:
        others = {alias: kind.name for alias, kind in kinds.items() if alias != kind.name}
        head = value.name.span if isinstance(value, ast.CallValue) else value.span
        raise env.fault(
            codes.UNKNOWN_CHOICE,
            head,
            f"there is no initialisation `{name}`",
            **said(hint(name, Sort.INIT, INITS, others), head, f"it is one of {listing(INITS)}"),
        )
    kind = kinds[name.lower()]
    bound = bind(Schema(kind.name, kind.args), value.span, args, seen, activations=False)
    return Call(kind.name, bound.args, value.span)
