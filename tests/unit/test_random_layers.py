"""noise and dropout keep the model's dtype, in values, cache and gradients."""

from __future__ import annotations

import numpy as np
import pytest

from ..generated import build

LEVELS, DTYPES = (0, 1), ("float32", "float64")
STAGES = ("noise 0.5", "dropout 0.3", "noise 0.5 -> dropout 0.3")


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("stage", STAGES)
def test_random_layers_keep_the_dtype(stage, dtype, level):
    module = build(f"input 3 -> {stage}\ndtype {dtype}\n", level, ("vjp",))
    params = module.init_params()
    for train in (False, True):
        rng = np.random.default_rng(0)
        y, cache = module.forward(params, np.ones((4, 3), dtype), train=train, rng=rng)
        _, dx = module.vjp(params, cache, np.ones_like(y))
        kept = cache if isinstance(cache, dict) else vars(cache)
        found = {
            a.dtype
            for a in (y, dx, *kept.values())
            if isinstance(a, np.ndarray) and a.dtype.kind == "f"
        }
        assert found == {np.dtype(dtype)}
        assert (y != 1).any() == train  # the layer was at work


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("stage", STAGES)
def test_gradients_behind_random_layers_keep_the_dtype(stage, level):
    module = build(f"input 3 -> dense 3 -> {stage} -> dense 2; loss mse", level)
    params = module.init_params()
    y, cache = module.forward(params, np.ones((4, 3)), train=True, rng=np.random.default_rng(0))
    grads = module.backward(params, cache, np.ones((4, 2)))
    assert {a.dtype for a in (y, *grads.values())} == {np.dtype("float32")}


@pytest.mark.parametrize("level", LEVELS)
def test_the_numbers_are_those_of_the_generator(level):
    """Drawn in float64, then cast; a dropped entry is 0, a kept one x / (1 − rate)."""
    x = np.ones((5, 3), np.float32)
    module = build("input 3 -> noise 0.5", level)
    y, _ = module.forward(module.init_params(), x, train=True, rng=np.random.default_rng(7))
    drawn = 0.5 * np.random.default_rng(7).standard_normal((5, 3))
    np.testing.assert_array_equal(y, x + drawn.astype(np.float32))
    module = build("input 3 -> dropout 0.3", level)
    y, _ = module.forward(module.init_params(), x, train=True, rng=np.random.default_rng(7))
    kept = np.random.default_rng(7).random((5, 3)) >= 0.3
    np.testing.assert_allclose(y, kept / 0.7, rtol=1e-6)
    assert 0 < kept.sum() < kept.size
