"""The systems of emitted functions: S14, all derivatives, and S21, gradient ascent on the input."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.data import Dataset

from .generated import build, gradient_error, in_float64, spec_text

LEVELS = pytest.mark.parametrize("level", [0, 1])
EMIT = ("input-gradient", "vjp", "jacobian")


def system(name, level):
    return build(in_float64(spec_text(f"systems/{name}")), level, EMIT)


@LEVELS
@pytest.mark.parametrize(("name", "inputs", "outputs"), [("S14", 1, 4), ("S21", 2, 1)])
def test_gradients_equal_central_differences(name, inputs, outputs, level):
    rng = np.random.default_rng(1)
    x, target = rng.uniform(0, 1, (6, inputs)), rng.uniform(0, 1, (6, outputs))
    made = system(name, level)
    assert gradient_error(made, made.init_params(seed=3), x, target) < 1e-6


# --- S14: the derivatives of every output at many points -----------------------------------


@LEVELS
def test_s14_one_call_equals_a_backward_per_output_and_point(level):
    made = system("S14", level)
    params = made.init_params(seed=1)
    x = np.linspace(-2, 2, 1000)[:, None]
    found = made.jacobian(params, x)
    assert found.shape == (1000, 4, 1)
    for i in range(1000):
        _, cache = made.forward(params, x[i : i + 1])
        for k in range(4):
            _, dx = made.vjp(params, cache, np.eye(4)[k : k + 1])
            assert abs(found[i, k, 0] - dx[0, 0]) <= 1e-12 * np.abs(found).max()


@LEVELS
def test_s14_gives_the_tangent_of_a_learned_curve(level):
    made = system("S14", level)
    t = np.linspace(-1, 1, 200)[:, None]
    curve = np.concatenate([np.sin(2 * t), np.cos(2 * t), t**2, t], axis=1)
    tangent = np.concatenate([2 * np.cos(2 * t), -2 * np.sin(2 * t), 2 * t, t**0], axis=1)
    params = training.train(made, Dataset(t, curve)).params
    assert np.abs(made.predict(params, t) - curve).max() < 0.05
    inner = slice(20, -20)
    assert np.abs(made.jacobian(params, t)[inner, :, 0] - tangent[inner]).max() < 0.3


# --- S21: the input that a trained network likes best --------------------------------------

CORNERS = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
FIRES = np.array([[0.0], [1], [0], [0]])


def ascend(gradient, x, step=0.01, steps=400):
    """Steps of one length up the gradient, each clipped to 0 ... 1."""
    for _ in range(steps):
        g = gradient(x)
        x = np.clip(x + step * g / (np.abs(g).max(axis=1, keepdims=True) + 1e-12), 0, 1)
    return x


def by_vjp(made, params):
    def gradient(x):
        y, cache = made.forward(params, x)
        return made.vjp(params, cache, np.ones_like(y))[1]

    return gradient


def by_input_gradient(made, params):
    """Down the loss towards 1 is up the output."""
    return lambda x: -made.input_gradient(params, x, np.ones((len(x), 1)))


@LEVELS
@pytest.mark.parametrize("way", [by_vjp, by_input_gradient])
def test_s21_climbs_to_the_only_corner_that_fires(way, level):
    made = system("S21", level)
    starts = np.random.default_rng(0).uniform(0, 1, (40, 2))
    for seed in range(3):
        params = training.train(made, Dataset(CORNERS, FIRES), seed=seed).params
        assert np.abs(made.predict(params, CORNERS) - FIRES).max() < 0.1
        best = ascend(way(made, params), starts)
        assert np.array_equal(best, np.tile([0.0, 1.0], (40, 1)))
