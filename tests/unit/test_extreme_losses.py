"""Losses and their gradients near the limits of the dtypes, without a NumPy warning.

Formulas in 100 digits (tests/exact.py) are the oracle. What is too large for the dtype is infinite; see docs/decisions.md.
"""

from __future__ import annotations

import math
import warnings
from decimal import Decimal, localcontext

import numpy as np
import pytest
from nnc.losses import LOSSES

from ..exact import EXACT, dual, extremes, log_softmax, rounded, softmax, variable
from ..exact_losses import ONE_OUTPUT
from ..generated import build

LEVELS, DTYPES = (0, 1), ("float32", "float64")


@pytest.fixture(autouse=True)
def _exactly():
    with localcontext(EXACT):
        yield


def log_shares(row: list[float], dtype: str) -> list[Decimal]:
    """The logarithm of the softmax, not below the lowest number."""
    return [max(v, Decimal(float(np.finfo(dtype).min))) for v in log_softmax(row)]


def weighed(weights):
    def value(z, t, dtype):
        return -sum(w * a * b for w, a, b in zip(weights, t, log_shares(z, dtype), strict=True))

    def slopes(z, t, dtype):
        total = sum(w * a for w, a in zip(weights, t, strict=True))
        return [s * total - w * a for s, w, a in zip(softmax(z), weights, t, strict=True)]

    return value, slopes


def smoothed(value, slopes, share=Decimal("0.25")):
    def spread(t):
        return [(1 - share) * a + share / 3 for a in t]

    return (
        lambda z, t, dtype: value(z, spread(t), dtype),
        lambda z, t, dtype: slopes(z, spread(t), dtype),
    )


def hinge_of_ids(z, t, dtype):
    """A margin that is too large for the dtype is infinite before it is divided by 3."""
    right = Decimal(z[t.index(1)])
    missed = [max(Decimal(0), 1 + (Decimal(y) - right)) for y, a in zip(z, t, strict=True) if not a]
    return sum(missed) / 3 if all(rounded(m, dtype) < math.inf for m in missed) else Decimal("inf")


def hinge_slopes(z, t, _):
    right = Decimal(z[t.index(1)])
    missed = [
        Decimal(int(not a and 1 + (Decimal(y) - right) > 0)) / 3 for y, a in zip(z, t, strict=True)
    ]
    return [m if not a else -sum(missed) for m, a in zip(missed, t, strict=True)]


def kl(z, t, _):
    entropy = sum(a * a.ln() for a in t if a)
    return (entropy - sum(a * Decimal(y) for a, y in zip(t, z, strict=True))) / 3


CROSSENTROPY = weighed([1, 1, 1])
ROWS = {
    "softmax; loss crossentropy": CROSSENTROPY,
    "softmax; loss crossentropy smoothing=0.25": smoothed(*CROSSENTROPY),
    "softmax; loss crossentropy weights=[2, 1, 0.5]": weighed([2, 1, Decimal("0.5")]),
    "hinge; loss hinge": (hinge_of_ids, hinge_slopes),
    "id; loss kl": (kl, lambda z, t, _: [-a / 3 for a in t]),
    "log_softmax; loss kl": (
        lambda z, t, dtype: kl([float(v) for v in log_shares(z, dtype)], t, dtype),
        lambda z, t, _: [(s - a) / 3 for s, a in zip(softmax(z), t, strict=True)],
    ),
}
"""Losses of rows of three: the value and the derivatives by what comes in."""


A_TARGET = {
    "classes": [0, 1, 0],
    "margins": [-1, 1, -1],
    "probabilities": [0.5, 0.25, 0.25],
    "unit": [0, 0.5, 1],
    "counts": [0, 1, 3],
    "values": [0, 1, -1.5],
}
"""A row of what targets may be."""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_a_number_or_infinite(name, dtype, level):
    """Of losses without a formula, too, which a new one may be."""
    module = build(f"input 3 -> id; loss {name}\ndtype {dtype}\n", level, ("input-gradient",))
    target = np.array([A_TARGET[LOSSES[name].target]])
    for y in extremes(dtype):
        value, slopes = run(module, np.array([[y, 0, 1]], dtype), target)
        assert not math.isnan(value), y
        assert np.isfinite(slopes).all() or value == math.inf, y


def close(got: float, want: float, dtype: str, slack: float) -> bool:
    info = np.finfo(dtype)
    room = 16 * float(info.eps) * max(abs(want), slack) + 1000 * float(info.tiny)
    return got == want or abs(got - want) <= room


def run(module, x: np.ndarray, target: np.ndarray) -> tuple[float, np.ndarray]:
    params = module.init_params()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, cache = module.forward(params, x)
        value = module.loss(params, cache, target)
        return value, module.input_gradient(params, x, target)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(ONE_OUTPUT))
def test_losses_of_one_output(name, dtype, level):
    formula, targets = ONE_OUTPUT[name]
    module = build(f"input 1 -> id; loss {name}\ndtype {dtype}\n", level, ("input-gradient",))
    most = float(np.finfo(dtype).max)
    wrong = []
    for t in ({"max": most, "-max": -most}.get(t, t) for t in targets):
        t = float(np.array(t, dtype))
        for y in extremes(dtype)[::2]:
            exact = formula(variable(float(y)), dual(t))
            value, slope = run(module, np.array([[y]]), np.array([[t]], dtype))
            slack = abs(t * float(y)) if name == "poisson" and abs(y) < 1000 else 1.0
            if not close(value, rounded(exact.value, dtype), dtype, slack):
                wrong.append(f"L({y!r}, {t!r}) = {value!r}, not {rounded(exact.value, dtype)!r}")
            want = rounded(exact.slope, dtype)
            if not close(float(slope[0, 0]), want, dtype, max(1.0, abs(t))):
                wrong.append(f"dL/dy({y!r}, {t!r}) = {slope[0, 0]!r}, not {want!r}")
    assert not wrong, "\n".join(wrong)


TARGETS = ([1, 0, 0], [0, 0, 1], [Decimal("0.5"), Decimal("0.25"), Decimal("0.25")])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("text", sorted(ROWS))
def test_losses_of_rows(text, dtype, level):
    """Every two extremes side by side."""
    value_of, slopes_of = ROWS[text]
    spec = text.replace("hinge; ", "id; ")
    module = build(f"input 3 -> {spec}\ndtype {dtype}\n", level, ("input-gradient",))
    wrong = []
    ends = extremes(dtype)[::13]
    for t in TARGETS[: 2 if "hinge" in text else 3]:
        given = [t.index(1)] if "hinge" in text else np.array([t], float)
        for z in ((float(a), float(b), 1.0) for a in ends for b in ends):
            t = [Decimal(a) for a in t]
            value, slopes = run(module, np.array([z], dtype), np.array(given))
            want = rounded(value_of(list(z), t, dtype), dtype)
            if not close(value, want, dtype, max(1.0, *(abs(a) for a in z if abs(a) < 1e30))):
                wrong.append(f"L({z}, {given}) = {value!r}, not {want!r}")
            wants = [float(v) for v in slopes_of(list(z), t, dtype)]
            if not all(
                close(float(a), b, dtype, 1.0) for a, b in zip(slopes[0], wants, strict=True)
            ):
                wrong.append(f"dL/dz({z}, {given}) = {slopes[0]}, not {wants}")
    assert not wrong, "\n".join(wrong[:20])


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_gradient_of_a_mean_does_not_overflow_on_the_way(dtype, level):
    """2 (y − t) / B with y − t above half of the largest number: -O0 doubled it first."""
    module = build(f"input 1 -> id; loss mse\ndtype {dtype}\n", level, ("input-gradient",))
    y = np.full((4, 1), 0.75 * float(np.finfo(dtype).max), dtype)
    _, slope = run(module, y, np.zeros((4, 1)))
    np.testing.assert_allclose(slope, y / 2, rtol=1e-6)
