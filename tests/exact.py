"""Activations and losses in 100 decimal digits, with their derivatives: an oracle for extreme numbers.

Formulas are those of the literature on `Dual` numbers over Python's decimals (value and derivative
carried side by side), whose exponents are large enough for exp of any float. Only erf is the
standard library's. Nothing here shares code with the compiler.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, DivisionByZero, InvalidOperation

import numpy as np

EXACT = Context(prec=100, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[DivisionByZero, InvalidOperation])
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899")


@dataclass(frozen=True)
class Dual:
    """A number and its derivative by the one variable."""

    value: Decimal
    slope: Decimal

    def __add__(self, other: object) -> Dual:
        o = dual(other)
        return Dual(EXACT.add(self.value, o.value), EXACT.add(self.slope, o.slope))

    def __neg__(self) -> Dual:
        return Dual(self.value.copy_negate(), self.slope.copy_negate())

    def __sub__(self, other: object) -> Dual:
        return self + -dual(other)

    def __mul__(self, other: object) -> Dual:
        o = dual(other)
        cross = EXACT.multiply(self.value, o.slope), EXACT.multiply(self.slope, o.value)
        return Dual(EXACT.multiply(self.value, o.value), EXACT.add(*cross))

    def __truediv__(self, other: object) -> Dual:
        o = dual(other)
        value = EXACT.divide(self.value, o.value)
        slope = EXACT.subtract(self.slope, EXACT.multiply(value, o.slope))
        return Dual(value, EXACT.divide(slope, o.value))

    __radd__ = __add__
    __rmul__ = __mul__

    def __rsub__(self, other: object) -> Dual:
        return dual(other) - self

    def __rtruediv__(self, other: object) -> Dual:
        return dual(other) / self


def dual(x: object) -> Dual:
    """A constant, exactly: a float has no digits that are lost."""
    return x if isinstance(x, Dual) else Dual(Decimal(x), Decimal(0))


def variable(x: float) -> Dual:
    """The variable at a place."""
    return Dual(Decimal(x), Decimal(1))


def exp(x: Dual) -> Dual:
    value = EXACT.exp(x.value)
    return Dual(value, EXACT.multiply(value, x.slope))


def log(x: Dual) -> Dual:
    return Dual(EXACT.ln(x.value), EXACT.divide(x.slope, x.value))


def log1p(x: Dual) -> Dual:
    """log(1 + x), whose first 100 digits 1 + x may not hold."""
    if abs(x.value) < Decimal("1e-40"):
        return x - x * x / 2 + x * x * x / 3
    return log(1 + x)


def expm1(x: Dual) -> Dual:
    """exp(x) − 1, likewise."""
    if abs(x.value) < Decimal("1e-40"):
        return x + x * x / 2 + x * x * x / 6
    return exp(x) - 1


def sigmoid(x: Dual) -> Dual:
    if x.value < 0:
        return exp(x) / (1 + exp(x))
    return 1 / (1 + exp(-x))


def softplus(x: Dual) -> Dual:
    if x.value < 0:
        return log1p(exp(x))
    return x + log1p(exp(-x))


def tanh(x: Dual) -> Dual:
    if x.value < 0:
        return -tanh(-x)
    return -expm1(-2 * x) / (1 + exp(-2 * x))


def normal_below(x: Dual) -> Dual:
    """Φ(x), by math.erfc (in double precision), with the derivative exp(−x²/2) / √(2π)."""
    bell = EXACT.divide(exp(x * x * Decimal("-0.5")).value, EXACT.sqrt(EXACT.multiply(2, PI)))
    below = Decimal(math.erfc(-float(x.value) / math.sqrt(2)) / 2)
    return Dual(below, EXACT.multiply(bell, x.slope))


def gelu_tanh(x: Dual) -> Dual:
    root = dual(EXACT.sqrt(EXACT.divide(2, PI)))
    u = root * (x + Decimal("0.044715") * x * x * x)
    return x * sigmoid(2 * u)  # (1 + tanh u) / 2


def split(x: Dual, above: Dual, below: Dual) -> Dual:
    """`above` for x > 0, else `below`: PyTorch's choice of the derivative at 0."""
    return above if x.value > 0 else below


def elu(x: Dual, alpha: object = 1) -> Dual:
    return split(x, x, dual(alpha) * expm1(x) if x.value <= 0 else x)


def selu(x: Dual) -> Dual:
    scale, alpha = Decimal("1.0507009873554804934193349852946"), "1.6732632423543772848170429916717"
    return scale * elu(x, Decimal(alpha))


def clipped(x: Dual, low: int, high: int) -> Dual:
    """Within bounds x, beyond (and at) them constant."""
    if x.value <= low:
        return dual(low)
    return dual(high) if x.value >= high else x


Function = Callable[[Dual], Dual]

ACTIVATIONS: dict[str, Function] = {
    "id": lambda x: x,
    "relu": lambda x: split(x, x, dual(0)),
    "leaky_relu": lambda x: split(x, x, Decimal("0.01") * x),
    "leaky_relu(0.2)": lambda x: split(x, x, Decimal("0.2") * x),
    "prelu": lambda x: split(x, x, Decimal("0.25") * x),
    "elu": elu,
    "elu(0.5)": lambda x: elu(x, Decimal("0.5")),
    "selu": selu,
    "gelu": lambda x: x * normal_below(x),
    "gelu(approx=tanh)": gelu_tanh,
    "silu": lambda x: x * sigmoid(x),
    "mish": lambda x: x * tanh(softplus(x)),
    "sigmoid": sigmoid,
    "sigmoid(2)": lambda x: sigmoid(2 * x),
    "tanh": tanh,
    "softplus": softplus,
    "softsign": lambda x: x / (1 + split(x, x, -x)),
    "relu(max=6)": lambda x: clipped(x, 0, 6),
    "hard_swish": lambda x: x * clipped(x / 6 + Decimal("0.5"), 0, 1),
    "hard_sigmoid": lambda x: clipped(x / 6 + Decimal("0.5"), 0, 1),
    "hard_tanh": lambda x: clipped(x, -1, 1),
}
"""Every activation of one number, as a spec writes it."""

SIZES = (1e-3, 0.1, 0.5, 1, 2, 3, 5, 6, 8, 10, 16, 20, 40, 88, 88.8, 89, 95, 103, 104, 105, 120)
SIZES += (300, 700, 708, 709.5, 710, 740, 745, 746, 800, 1e4, 1e10, 1e15, 1.8e19, 1.9e19, 1e25)


def extremes(dtype: str) -> np.ndarray:
    """Numbers at which formulas break, in a dtype: zeros, the least and the largest, exp's ends."""
    info = np.finfo(dtype)
    ends = [0, info.smallest_subnormal, info.tiny, math.sqrt(info.tiny), info.eps]
    ends += [math.sqrt(info.max), info.max / 6, info.max / 2, info.max]
    large = [1e38] if dtype == "float32" else [1e38, 1e100, 1e150, 1e160, 1e200, 1e308]
    sizes = np.array([*ends, *SIZES, *large], dtype)
    return np.unique(np.concatenate([-sizes, sizes]))


def softmax(row: list[float]) -> list[Decimal]:
    """exp(z) / Σ exp(z), exactly."""
    top = Decimal(max(row))
    terms = [EXACT.exp(EXACT.subtract(Decimal(z), top)) for z in row]
    return [EXACT.divide(t, _sum(terms)) for t in terms]


def log_softmax(row: list[float]) -> list[Decimal]:
    """z − log Σ exp(z), exactly."""
    top = Decimal(max(row))
    shifted = [EXACT.subtract(Decimal(z), top) for z in row]
    total = log1p(dual(EXACT.subtract(_sum([EXACT.exp(u) for u in shifted]), 1))).value
    return [EXACT.subtract(u, total) for u in shifted]


def _sum(terms: list[Decimal]) -> Decimal:
    total = Decimal(0)
    for t in terms:
        total = EXACT.add(total, t)
    return total


def rounded(x: Decimal, dtype: str) -> float:
    """The nearest number of a dtype, infinite where there is none."""
    info = np.finfo(dtype)
    most = EXACT.multiply(Decimal(float(info.max)), Decimal(1 + float(info.eps) / 4))
    if EXACT.compare(EXACT.abs(x), most) > 0:
        return math.copysign(math.inf, x)
    return float(x)
