"""Interpretation of values as stages: an argument `id` or `dense(4)` may be meant as a stage."""

from __future__ import annotations

from dataclasses import replace

from .ast import (
    AnyStage,
    Arg,
    Binary,
    CallValue,
    Chain,
    DimName,
    Fork,
    Group,
    ListValue,
    Negate,
    Stage,
    StagesValue,
    Value,
    Word,
)


def value_as_chain(value: Value) -> Chain | None:
    """Return the chain that an argument or list item denotes, or None if it cannot be one.

    A bare word is a stage without arguments, a call one in call form, a list a fork; `f(2) * 3` is
    a repeat and `shift -1` a stage with a signed argument, although both are parsed as arithmetic
    where arithmetic is allowed."""
    if isinstance(value, StagesValue):
        return value.chain
    stage = value_as_stage(value)
    return Chain((stage,), value.span) if stage else None


def value_as_stage(value: Value) -> AnyStage | None:
    """Return the single stage that a value denotes, or None; see `value_as_chain`."""
    match value:
        case Word() | DimName():
            return Stage(as_word(value), (), False, 0, None, None, value.span)
        case CallValue(name, args):
            return Stage(name, args, True, len(args), None, None, value.span)
        case StagesValue(chain):
            return Group(chain, (), None, None, value.span)
        case ListValue(items):
            chains = [value_as_chain(item) for item in items]
            branches = tuple(chain for chain in chains if chain is not None)
            whole = bool(items) and len(branches) == len(items)
            return Fork(branches, (), None, None, value.span) if whole else None
        case Binary("*", left, count):
            stage = value_as_stage(left)
            return replace(stage, repeat=count) if stage else None
        case Binary("+" | "-" as sign, Word() as kind, operand):
            signed = Negate(sign, operand, value.span.source.span(kind.span.stop, value.span.stop))
            arg = Arg(None, signed, signed.span)
            return Stage(kind, (arg,), False, 0, None, None, value.span)
    return None


def as_word(value: Word | DimName) -> Word:
    """Return an upper-case word as a name, where only names are allowed: `LSTM 100`."""
    return value if isinstance(value, Word) else Word(value.id, value.span)
