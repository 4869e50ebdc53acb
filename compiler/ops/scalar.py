"""Arithmetic on plain numbers, such as the step count: never on arrays, never differentiated."""

from __future__ import annotations

from .build import Value
from .registry import NO_GRADIENT, OpDef, op, same_type

op(OpDef("base_power", same_type, NO_GRADIENT))
op(OpDef("root", same_type, NO_GRADIENT))


def base_power(base: float, exponent: Value) -> Value:
    """A constant to the power of a number: `0.9 ** step`."""
    return exponent.builder.emit("base_power", exponent, base=float(base))


def root(x: Value) -> Value:
    """The square root of a number, as a number: `x ** 0.5`."""
    return x.builder.emit("root", x)
