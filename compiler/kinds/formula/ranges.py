"""The range of what a formula computes, from the ranges of its values.

    (0, inf) + 1      (1, inf)
    exp of any        (0, inf)
    max(any, 1e-6)    [1e-6, inf)

Every range contains all that can come out, in real arithmetic: a sigmoid is within (0, 1), though
its nearest float may be 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping

from ...record import record


@record(frozen=True, slots=True)
class Range:
    """From `low` to `high`, which may be infinite; `open` ends are not reached."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False

    @property
    def positive(self) -> bool:
        """Whether all of it is above 0."""
        return self.low > 0 or (self.low == 0 and self.low_open)

    @property
    def has_zero(self) -> bool:
        """Whether 0 is in it."""
        return self.low <= 0 <= self.high and not self.positive and not (-self).positive

    def __neg__(self) -> Range:
        return Range(-self.high, -self.low, self.high_open, self.low_open)


ANY = Range()
NOT_NEGATIVE = Range(0.0)
POSITIVE = Range(0.0, low_open=True)
SHARE = Range(0.0, 1.0, low_open=True, high_open=True)
"""Between 0 and 1: probabilities that a sigmoid or softmax gives."""

INSIDE = Range(-1.0, 1.0, low_open=True, high_open=True)

KINDS: Mapping[str, Range] = {
    **dict.fromkeys(("sigmoid", "softmax"), SHARE),
    **dict.fromkeys(("tanh", "softsign"), INSIDE),
    "relu": NOT_NEGATIVE,
    "softplus": POSITIVE,
    "log_softmax": Range(high=0.0, high_open=True),
    "hard_sigmoid": Range(0.0, 1.0),
    "hard_tanh": Range(-1.0, 1.0),
}
"""What activations of the language give."""


def only(value: float) -> Range:
    """A number."""
    return Range(value, value)


def union(ranges: Iterable[Range]) -> Range:
    """All that is in one of them."""
    found = list(ranges)
    low, high = min(r.low for r in found), max(r.high for r in found)
    return Range(
        low,
        high,
        all(r.low_open for r in found if r.low == low),
        all(r.high_open for r in found if r.high == high),
    )


def added(a: Range, b: Range) -> Range:
    """a + b."""
    return Range(
        a.low + b.low, a.high + b.high, a.low_open or b.low_open, a.high_open or b.high_open
    )


def multiplied(a: Range, b: Range) -> Range:
    """a · b."""
    ends_a = ((a.low, a.low_open), (a.high, a.high_open))
    ends_b = ((b.low, b.low_open), (b.high, b.high_open))
    return union(Range(p, p, q, q) for x in ends_a for y in ends_b for p, q in [_corner(*x, *y)])


def _corner(x: float, x_open: bool, y: float, y_open: bool) -> tuple[float, bool]:
    """The product of two ends, reached where both are, or where one that is reached is 0."""
    if x == 0 or y == 0:
        return 0.0, not ((x == 0 and not x_open) or (y == 0 and not y_open))
    return x * y, x_open or y_open


def divided(a: Range, b: Range) -> Range:
    """a / b; any where b may be 0."""
    if b.has_zero or (b.low < 0 < b.high):
        return ANY
    low = 1 / b.high if b.high else -math.inf
    high = 1 / b.low if b.low else math.inf
    return multiplied(a, Range(low, high, b.high_open or math.isinf(b.high), b.low_open))


def bounded(a: Range, sign: str, b: Range) -> Range:
    """What of a can compare so with some of b."""
    match sign:
        case ">" | ">=":
            return greatest(a, Range(b.low, math.inf, sign == ">" or b.low_open))
        case "<" | "<=":
            return least(a, Range(-math.inf, b.high, high_open=sign == "<" or b.high_open))
    return b if sign == "==" else a


def absolute(a: Range) -> Range:
    """|a|."""
    if a.low >= 0:
        return a
    if a.high <= 0:
        return -a
    larger = greatest(a, -a)
    return Range(0.0, larger.high, False, larger.high_open)


def raised(a: Range, exponent: float) -> Range:
    """a to the power of a number; any where it has none."""
    if exponent == int(exponent) and exponent > 0:
        if exponent % 2:
            return _mapped(lambda x: _power(x, exponent), a)
        return _mapped(lambda x: _power(x, exponent), absolute(a))
    if exponent < 0:
        return divided(only(1.0), raised(a, -exponent))
    return _mapped(lambda x: _power(x, exponent), a) if a.low >= 0 else NOT_NEGATIVE


def _power(x: float, exponent: float) -> float:
    try:
        return math.pow(x, exponent)
    except OverflowError:
        return math.inf if x > 0 or exponent % 2 == 0 else -math.inf


def _mapped(function: Callable[[float], float], a: Range) -> Range:
    """A function that increases."""
    return Range(function(a.low), function(a.high), a.low_open, a.high_open)


def summed(a: Range) -> Range:
    """The sum of one or more."""
    low = a.low if a.low >= 0 else -math.inf
    high = a.high if a.high <= 0 else math.inf
    return Range(low, high, a.low_open, a.high_open)


def least(a: Range, b: Range) -> Range:
    """The smaller one."""
    return -greatest(-a, -b)


def greatest(a: Range, b: Range) -> Range:
    """The larger one."""
    above = max(((a.low, a.low_open), (b.low, b.low_open)))
    over = max(((a.high, not a.high_open), (b.high, not b.high_open)))
    return Range(above[0], over[0], above[1], not over[1])


def _exp(x: float) -> float:
    return math.exp(x) if x < 700 else math.inf


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x))) if x > -700 else 0.0


def applied(function: str, a: Range) -> Range:
    """A function of one value, entry by entry."""
    match function:
        case "exp":
            return _between(_mapped(_exp, a), low=0.0)
        case "softplus":
            return _between(_mapped(_softplus, a), low=0.0)
        case "sigmoid":
            return _between(
                _mapped(lambda x: _exp(x) / (1 + _exp(x)) if x < 30 else 1.0, a), 0.0, 1.0
            )
        case "tanh" | "erf":
            return _between(_mapped(getattr(math, function), a), -1.0, 1.0)
        case "relu":
            return greatest(a, only(0.0))
        case "abs":
            return absolute(a)
        case "sqrt":
            return raised(a, 0.5)
        case "log":
            return _mapped(lambda x: math.log(x) if x > 0 else -math.inf, a)
        case "sin" | "cos":
            return Range(-1.0, 1.0)
        case "softmax":
            return SHARE
    return a


def _between(a: Range, low: float = -math.inf, high: float = math.inf) -> Range:
    """With ends that no value reaches, only arguments that are infinite."""
    return Range(a.low, a.high, a.low_open or a.low == low, a.high_open or a.high == high)
