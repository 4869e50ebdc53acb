"""Losses of one output in 100 decimal digits, by their textbook formulas."""

from __future__ import annotations

from .exact import Dual, dual, exp, softplus


def size(x: Dual) -> Dual:
    return dual(0) if x.value == 0 else (x if x.value > 0 else -x)


def huber(r: Dual, delta: int) -> Dual:
    return r * r / 2 if abs(r.value) <= delta else delta * (size(r) - dual(delta) / 2)


def margin(x: Dual) -> Dual:
    return x if x.value > 0 else dual(0)


ANY, UNIT, COUNTS = (
    (0.0, 1.0, -3.0, 1e19, "max", "-max"),
    (0.0, 0.25, 0.5, 1.0),
    (0.0, 1.0, 3.0, 1e30),
)
ONE_OUTPUT = {
    "mse": (lambda y, t: (y - t) * (y - t), ANY),
    "quadratic": (lambda y, t: (y - t) * (y - t) / 2, ANY),
    "mae": (lambda y, t: size(y - t), ANY),
    "huber": (lambda y, t: huber(y - t, 1), ANY),
    "huber(3)": (lambda y, t: huber(y - t, 3), ANY),
    "bce": (lambda y, t: t * softplus(-y) + (1 - t) * softplus(y), UNIT),
    "bce(pos_weight=4)": (lambda y, t: 4 * t * softplus(-y) + (1 - t) * softplus(y), UNIT),
    "poisson": (lambda y, t: exp(y) - t * y, COUNTS),
    "hinge": (lambda y, t: margin(1 - t * y), (-1.0, 1.0)),
}
"""Losses of one number and its target: a formula, and the targets tried."""
