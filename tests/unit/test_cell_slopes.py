"""The slope of a recurrent cell's nonlinearity, which is computed from its value, in both dtypes.

Of elu and selu below 0 it is a + α: two numbers that cancel where the cell is saturated. What is
left of rounding must stay within some units in the last place of α, and never be negative.
"""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

LAMBDA, ALPHA = 1.0507009873554805, 1.6732632423543772


def elu(alpha: float, factor: float = 1.0):
    """Its exact slope; at 0 that from the left, as PyTorch's."""
    return lambda z: factor * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))


def sigmoid(z):
    return np.where(z > 0, 1, np.exp(np.minimum(z, 0))) / (1 + np.exp(-np.abs(z)))


SLOPES = {
    "elu": elu(1.0),
    "elu(0.7)": elu(0.7),
    "elu(3)": elu(3.0),
    "elu(0)": elu(0.0),
    "selu": elu(ALPHA, LAMBDA),
    "softplus": sigmoid,
    "softsign": lambda z: (1 + np.abs(z)) ** -2.0,
    "tanh": lambda z: np.cosh(np.minimum(np.abs(z), 300)) ** -2.0,
    "sigmoid": lambda z: sigmoid(z) * sigmoid(-z),
}
POINTS = np.r_[np.linspace(-20, 20, 81), -1e-30, 1e-30, -1e-4, 1e-4, -90.0, 90.0, -1e4, 1e4]


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", SLOPES)
def test_the_slope_is_right_to_a_few_units_in_the_last_place(name, dtype, level):
    spec = f"input Tx1 -> rnn 1 {name} as cell\ndtype {dtype}\n"
    module = build(spec, level, ("vjp",))
    params = module.init_params(0)
    for key, value in {"cell.Wx": 1, "cell.Wh": 0, "cell.b": 0}.items():
        params[key][...] = value
    x = POINTS.astype(dtype).reshape(-1, 1, 1)
    y, cache = module.forward(params, x)
    _, dx = module.vjp(params, cache, np.ones_like(y))
    slope = np.asarray(dx).ravel()
    exact = SLOPES[name](x.ravel().astype(float))
    eps = np.finfo(dtype).eps
    np.testing.assert_allclose(slope, exact, rtol=16 * eps, atol=4 * eps * max(exact.max(), 1))
    assert slope.min() >= 0
