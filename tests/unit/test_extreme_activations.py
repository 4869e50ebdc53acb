"""Activations and their derivatives near the limits of the dtypes, without a NumPy warning.

The oracle is tests/exact.py; for an activation without a formula there it is the module in float64.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from nnc.kinds.layer import Family
from nnc.layers import LAYERS

from ..exact import ACTIVATIONS, extremes, log_softmax, rounded, softmax, variable
from ..generated import build

LEVELS, DTYPES = (0, 1), ("float32", "float64")
ROWS = {"softmax", "log_softmax"}  # of whole rows: below
KINDS = {name for name, kind in LAYERS.items() if kind.family is Family.ACTIVATION}
CANCELS = {"gelu", "gelu(approx=tanh)"}  # 1 + erf and 1 + tanh lose digits of a value near 0


def run(text: str, level: int, x: np.ndarray, dy: object = 1.0) -> list[np.ndarray]:
    """What forward and predict give, and the gradient pulled back, with every warning an error."""
    module = build(text, level, ("vjp",))
    params = module.init_params()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        y, cache = module.forward(params, x)
        _, dx = module.vjp(params, cache, np.broadcast_to(np.asarray(dy, y.dtype), y.shape))
        return [y, module.predict(params, x), dx]


def check(got: np.ndarray, want: list[float], slack: np.ndarray, dtype: str, x: np.ndarray):
    """Within a few units in the last place, or slack; an overflow where the exact number is one."""
    want, info = np.array(want), np.finfo(dtype)
    assert got.dtype == dtype
    with np.errstate(invalid="ignore", over="ignore"):
        room = 16 * float(info.eps) * np.maximum(np.abs(want), slack) + 1000 * float(info.tiny)
        right = (got.astype(float) == want) | (np.abs(got - want) <= room)
    wrong = [
        f"at {a!r}: {g!r}, not {w!r}"
        for a, g, w, r in zip(x, got, want, right, strict=True)
        if not r
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_value_and_derivative_are_right_to_the_ends_of_the_dtype(name, dtype, level):
    x = extremes(dtype)
    text = f"input {len(x)} -> {name}\ndtype {dtype}\n"
    y, predicted, dx = (a[0] for a in run(text, level, x[None]))
    exact = [ACTIVATIONS[name](variable(float(v))) for v in x]
    values = [rounded(e.value, dtype) for e in exact]
    near = np.minimum(np.abs(x.astype(float)), 20) * (name in CANCELS)
    check(y, values, near, dtype, x)
    check(predicted, values, near, dtype, x)
    check(dx, [rounded(e.slope, dtype) for e in exact], np.ones(len(x)), dtype, x)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
@pytest.mark.parametrize("power", [-100, 120])
def test_large_and_small_gradients_from_behind_scale_the_derivative(name, dtype, level, power):
    """x times the upstream gradient may overflow where the product of all three does not."""
    x = extremes(dtype)
    text = f"input {len(x)} -> {name}\ndtype {dtype}\n"
    plain, scaled = (run(text, level, x[None], dy)[2][0] for dy in (1.0, 2.0**power))
    at_least = np.abs(plain) > 2.0**-20  # not where the product is denormal
    np.testing.assert_allclose(
        scaled[at_least], np.ldexp(plain[at_least], power), rtol=16 * np.finfo(dtype).eps
    )
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", sorted(KINDS - ROWS))
def test_float32_agrees_with_float64(name, level):
    """Of activations without an exact formula, too, which a new one may be."""
    x = extremes("float32")
    text = f"input {len(x)} -> {name}\ndtype "
    y, _, dx = (a[0] for a in run(f"{text}float32\n", level, x[None]))
    exact, _, slope = (a[0] for a in run(f"{text}float64\n", level, x[None].astype(float)))
    most = float(np.finfo("float32").max)
    exact = np.where(np.abs(exact) > most, np.copysign(np.inf, exact), exact)
    check(y, exact, np.clip(np.abs(x), 1, 20), "float32", x)
    check(dx, slope, np.ones(len(x)), "float32", x)


def rows_of_extremes(dtype: str) -> np.ndarray:
    """Rows of three logits: every two extremes, and one nearby."""
    x = extremes(dtype)[::9]
    return np.array([(a, b, a) for a in x for b in x] + [(b, a, 0) for a in x for b in x], dtype)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("name", "formula"), [("softmax", softmax), ("log_softmax", log_softmax)])
def test_rows_of_far_apart_logits(name, formula, dtype, level):
    """A log-probability below the range is its lowest number, so that 0 times it stays 0."""
    x, info = rows_of_extremes(dtype), np.finfo(dtype)
    y, predicted, dx = run(f"input 3 -> {name}\ndtype {dtype}\n", level, x, [1, 0, 0])
    for row, got, again, slope in zip(x, y, predicted, dx, strict=True):
        exact = formula([float(z) for z in row])
        want = [max(rounded(e, dtype), float(info.min)) for e in exact]
        check(got, want, np.ones(3), dtype, row)
        check(again, want, np.ones(3), dtype, row)
        check(slope, row_slope(name, [float(z) for z in row]), np.ones(3), dtype, row)


def row_slope(name: str, row: list[float]) -> list[float]:
    """The derivatives of the first entry of a row."""
    a = [float(v) for v in softmax(row)]
    hit = [1.0, 0.0, 0.0]
    if name == "softmax":
        return [a[0] * (h - v) for h, v in zip(hit, a, strict=True)]
    return [h - v for h, v in zip(hit, a, strict=True)]
