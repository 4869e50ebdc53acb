"""Arithmetic on scalars such as the step count, never on arrays."""

from __future__ import annotations

from math import log

from .build import Value
from .elementwise import scale
from .registry import Gradient, OpDef, Parts, Sample, op, same_type, sample


def _base_power(c: Gradient) -> Parts:
    """0 ** x is 0 for every x above 0."""
    base = c.attr("base")
    return [scale(c.g * c.out, log(base) if base else 0.0)]


op(
    OpDef(
        "base_power",
        same_type,
        _base_power,
        samples=(sample((), base=0.9), Sample(((),), {"base": 0.0}, low=0.3)),
    )
)
op(
    OpDef(
        "root",
        same_type,
        lambda c: [c.g / scale(c.out, 2.0)],
        samples=(Sample(((),), {}, low=0.3),),
    )
)


def base_power(base: float, exponent: Value) -> Value:
    """A constant to the power of a number: `0.9 ** step`."""
    return exponent.builder.emit("base_power", exponent, base=float(base))


def root(x: Value) -> Value:
    """The square root of a scalar: `x ** 0.5`."""
    return x.builder.emit("root", x)
