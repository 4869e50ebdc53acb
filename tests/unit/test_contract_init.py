"""Initial parameters: the standard definitions, equal at every level and dtype."""

from __future__ import annotations

import numpy as np
import pytest

from .contract import LEVELS, module

WIDE = "input 300 -> dense 200 {act} {init}\nloss mse\ndtype float64\n"


def weights(act="", init="", seed=0, level=1):
    return module(WIDE.format(act=act, init=init), level).init_params(seed)["dense1.W"]


NORMAL = {"he": np.sqrt(2 / 300), "lecun": np.sqrt(1 / 300), "normal(0.3)": 0.3}


@pytest.mark.parametrize("init", NORMAL)
def test_normal_starts(init):
    w = weights(init=f"init={init}")
    assert abs(w.mean()) < 4 * NORMAL[init] / np.sqrt(w.size)
    assert w.std() == pytest.approx(NORMAL[init], rel=0.02)
    assert np.abs(w).max() > 3 * NORMAL[init]


UNIFORM = {"xavier": np.sqrt(6 / 500), "uniform(0.3)": 0.3}


@pytest.mark.parametrize("init", UNIFORM)
def test_uniform_starts(init):
    w, bound = weights(init=f"init={init}"), UNIFORM[init]
    assert np.abs(w).max() <= bound
    assert np.abs(w).max() == pytest.approx(bound, rel=0.01)
    assert w.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)


def test_fixed_starts():
    assert (weights(init="init=constant(0.125)") == 0.125).all()
    assert (weights(init="init=zeros") == 0).all()
    assert (weights(init="init=ones") == 1).all()


def test_orthogonal_start():
    w = weights(init="init=orthogonal")
    np.testing.assert_allclose(w.T @ w, np.eye(200), atol=1e-10)
    wide = module("input 3 -> dense 7 init=orthogonal\ndtype float64\n").init_params()["dense1.W"]
    np.testing.assert_allclose(wide @ wide.T, np.eye(3), atol=1e-12)


DEFAULTS = {
    "relu": np.sqrt(2 / 300),
    "leaky_relu": np.sqrt(2 / 300),
    "selu": np.sqrt(1 / 300),
    "tanh": np.sqrt(2 / 500),
    "sigmoid": np.sqrt(2 / 500),
    "": np.sqrt(2 / 500),
}


@pytest.mark.parametrize("act", DEFAULTS)
def test_default_starts_follow_the_activation(act):
    assert weights(act).std() == pytest.approx(DEFAULTS[act], rel=0.05)


def test_biases_start_at_zero_unless_told():
    text = "input 3 -> dense 4 relu -> dense 2 bias_init=constant(0.5)\n"
    params = module(text).init_params(5)
    assert not params["dense1.b"].any()
    assert (params["dense2.b"] == 0.5).all()


@pytest.mark.parametrize("level", LEVELS)
def test_starts_depend_on_the_seed_and_the_name_only(level):
    text = "input 6 -> dense 5 as first -> dense 4 as second\ndtype float64\n"
    longer = "input 6 -> dense 9 as zeroth -> dense 6 -> dense 5 as first -> dense 4 as second\n"
    here, there = module(text, level), module(f"{longer}dtype float64\n", level)
    narrow = module(text.replace("float64", "float32"), level)
    for seed in (0, 3):
        a, b, c = here.init_params(seed), there.init_params(seed), narrow.init_params(seed)
        for name, value in a.items():
            np.testing.assert_array_equal(b[name], value)
            np.testing.assert_array_equal(c[name], value.astype(np.float32))
        np.testing.assert_array_equal(
            a["first.W"], module(text, 1 - level).init_params(seed)["first.W"]
        )
    assert not np.array_equal(here.init_params(1)["first.W"], here.init_params(2)["first.W"])
    np.testing.assert_array_equal(here.init_params()["first.W"], here.init_params(0)["first.W"])
    assert list(here.init_params()) == list(here.PARAM_SHAPES)


@pytest.mark.parametrize("level", LEVELS)
def test_equal_shapes_start_differently(level):
    params = module("input 5 -> dense 5 -> dense 5\n", level).init_params()
    assert not np.array_equal(params["dense1.W"], params["dense2.W"])
