"""batchnorm's running statistics, by hand: the variance is taken with n − 1."""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

LEVELS = (0, 1)


@pytest.mark.parametrize("level", LEVELS)
def test_the_running_variance_is_unbiased(level):
    """0, 2 and 4: mean 2, mean square deviation 8/3, with n − 1 it is 4."""
    module = build("input 1 -> batchnorm momentum=0.25\ndtype float64\n", level)
    state = module.init_state()
    y, _ = module.forward(module.init_params(), [[0.0], [2], [4]], state=state, train=True)
    assert state["batchnorm1.running_mean"] == pytest.approx([0.25 * 2])
    assert state["batchnorm1.running_var"] == pytest.approx([0.75 * 1 + 0.25 * 4])
    assert y[2, 0] == pytest.approx(2 / np.sqrt(8 / 3 + 1e-5))  # what is divided by is not


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("shape", ["2x3", "2x3x1", "2x1x3"])
def test_positions_count_too(level, shape):
    """Two rows of three positions are six values of each channel."""
    sizes = [int(n) for n in shape.split("x")]
    module = build(f"input {shape} -> batchnorm\ndtype float64\n", level)
    x = np.array([[[1.0, 2, 3], [0, 0, 0]], [[4, 5, 6], [0, 0, 6]]]).reshape(2, *sizes)
    state = module.init_state()
    module.forward(module.init_params(), x, state=state, train=True)
    assert state["batchnorm1.running_mean"] == pytest.approx([0.35, 0.1])
    # squares of 2.5, 1.5, 0.5 twice: 17.5 over 5; five of 1 and one of 25: 30 over 5
    assert state["batchnorm1.running_var"] == pytest.approx([0.9 + 0.35, 0.9 + 0.6])


@pytest.mark.parametrize("level", LEVELS)
def test_prediction_leaves_them_alone_and_uses_them(level):
    module = build("input 1 -> batchnorm\ndtype float64\n", level)
    state = {"batchnorm1.running_mean": np.array([3.0]), "batchnorm1.running_var": np.array([4.0])}
    params = module.init_params()
    for y in (
        module.predict(params, [[7.0]], state=state),
        module.forward(params, [[7.0]], state=state)[0],
    ):
        assert y == pytest.approx(4 / np.sqrt(4 + 1e-5))
    assert (state["batchnorm1.running_mean"], state["batchnorm1.running_var"]) == (3, 4)
