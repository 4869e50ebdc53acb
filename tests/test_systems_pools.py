"""The systems of pooling: S01, one weighted kernel for 40 channels, and S05, locally connected."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime import training
from nnc.runtime.data import Dataset
from nnc.source import Source

from .generated import build, gradient_error, in_float64, random_batch, spec_text

LEVELS = pytest.mark.parametrize("level", [0, 1])
S01 = pytest.mark.parametrize("name", ["S01", "S01_plain"])
S05 = {
    "S05": ((48,), (4,), (4,), (0,), 1),
    "S05_overlap": ((46,), (5,), (3,), (1,), 2),
    "S05_image": ((2, 9, 7), (3, 3), (2, 2), (1, 1), 4),
}
"""Input, kernel, stride, padding and outputs at every position."""


@LEVELS
@pytest.mark.parametrize("name", ["S01", "S01_plain", *S05])
def test_gradients_equal_central_differences(name, level):
    module = build(in_float64(spec_text(f"systems/{name}")), level)
    x, target = random_batch(module, rows=4)
    params = module.init_params(seed=3)
    rng = np.random.default_rng(2)
    moved = {k: v + 0.1 * rng.standard_normal(v.shape) for k, v in params.items()}
    assert gradient_error(module, moved, x, target) < 1e-6


# --- S01: weighted pooling -----------------------------------------------------------------


def only_pooling(name: str, level: int):
    """The system's pooling by itself, in float64."""
    text = spec_text(f"systems/{name}").partition("\ninput ")[2].partition(" -> flatten")[0]
    return build(f"input {text}\nloss mse\ndtype float64\n", level)


def channel_by_channel(x, weights):
    """What forty convolutions of one channel each give, by loops over every window."""
    rows, channels, height, width = x.shape
    y = np.empty((rows, channels, height // 2, width // 4))
    for c in range(channels):
        for i in range(height // 2):
            for j in range(width // 4):
                window = x[:, c, 2 * i : 2 * i + 2, 4 * j : 4 * j + 4]
                y[:, c, i, j] = (window * weights).sum(axis=(1, 2))
    return y


def softmax(w):
    return np.exp(w) / np.exp(w).sum()


@LEVELS
@S01
def test_s01_equals_the_convolution_of_each_channel(name, level):
    module = only_pooling(name, level)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, 40, 20, 64))
    assert dict(module.PARAM_SHAPES) == {"weightedpool1.w": (2, 4)}
    start = module.init_params()["weightedpool1.w"]
    assert (start == (0 if name == "S01" else 0.125)).all()
    means = channel_by_channel(x, np.full((2, 4), 1 / 8))
    np.testing.assert_allclose(
        module.predict(module.init_params(), x), means, rtol=1e-12, atol=1e-14
    )
    w = rng.standard_normal((2, 4))
    weights = softmax(w) if name == "S01" else w
    y = module.predict({"weightedpool1.w": w}, x)
    np.testing.assert_allclose(y, channel_by_channel(x, weights), rtol=1e-10, atol=1e-12)


@LEVELS
@S01
def test_s01_gradient_of_the_free_numbers(name, level):
    """dL/dw by hand: through each weight, and for S01 through the softmax."""
    module = only_pooling(name, level)
    rng = np.random.default_rng(1)
    x, target = rng.standard_normal((2, 40, 20, 64)), rng.standard_normal((2, 40, 10, 16))
    w = rng.standard_normal((2, 4))
    params = {"weightedpool1.w": w}
    y, cache = module.forward(params, x)
    dy = 2 * (y - target) / y.size
    expected = np.empty((2, 4))
    for u in range(2):
        for v in range(4):
            expected[u, v] = (dy * x[:, :, u::2, v::4]).sum()
    if name == "S01":
        weights = softmax(w)
        expected = weights * (expected - (expected * weights).sum())
        assert abs(expected.sum()) < 1e-12
    grad = module.backward(params, cache, target)["weightedpool1.w"]
    np.testing.assert_allclose(grad, expected, rtol=1e-9, atol=1e-14)


@S01
def test_s01_is_one_pass_over_all_channels(name):
    """As many steps of Python for forty channels as for one."""
    text = spec_text(f"systems/{name}")
    one, forty = (steps_of_pooling(text.replace("input 40x", f"input {c}x"), c) for c in (1, 40))
    assert one == forty > 0


def steps_of_pooling(text: str, channels: int) -> int:
    """How many lines of the pooling's functions run for one image."""
    module = build(text)
    params, x = module.init_params(), np.ones((1, channels, 20, 64))
    count = 0

    def trace(frame, event, _):
        nonlocal count
        if frame.f_code.co_name not in ("weighted_pool", "pool_places"):
            return None
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        module.predict(params, x)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("seed", range(3))
def test_s01_finds_the_weights_that_made_the_data(seed):
    text = "input 40x20x64 -> weightedpool 2x4\nloss mse\noptimizer adam lr=0.1\n"
    module = build(text)
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(8)).reshape(2, 4)
    x = rng.standard_normal((16, 40, 20, 64))
    result = training.train(module, Dataset(x, channel_by_channel(x, weights)), epochs=60, batch=8)
    found = softmax(result.params["weightedpool1.w"])
    assert found.sum() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found, weights, atol=0.01)


# --- S05: locally connected ----------------------------------------------------------------


def unfolded(x, kernel, stride, pad):
    """What each position sees: (B, positions…, C·kernel), by loops."""
    x = x[:, None] if x.ndim == 2 else x
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in pad)])
    grid = [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], kernel, stride, strict=True)]
    seen = np.empty((len(x), *grid, x.shape[1] * int(np.prod(kernel))))
    for at in np.ndindex(*grid):
        cut = tuple(slice(i * s, i * s + k) for i, s, k in zip(at, stride, kernel, strict=True))
        seen[(slice(None), *at)] = x[(slice(None), slice(None), *cut)].reshape(len(x), -1)
    return seen


@LEVELS
@pytest.mark.parametrize("name", S05)
def test_s05_equals_unfold_and_a_product_at_every_position(name, level):
    shape, kernel, stride, pad, filters = S05[name]
    begin, _, stages = spec_text(f"systems/{name}").partition("\ninput ")[2].partition(" -> ")
    stage = stages.partition(" -> ")[0].rsplit(" ", 1)[0]
    module = build(f"input {begin} -> {stage}\nloss mse\ndtype float64\n", level)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((3, *shape))
    params = {k: rng.standard_normal(s) for k, s in module.PARAM_SHAPES.items()}
    seen = unfolded(x, kernel, stride, pad)
    assert params["local1.W"].shape == (*seen.shape[1:], filters)
    expected = np.einsum("b...k,...kf->b...f", seen, params["local1.W"])
    if "local1.b" in params:
        expected += params["local1.b"]
    if len(shape) > 1:
        expected = np.moveaxis(expected, -1, 1)
    y, cache = module.forward(params, x)
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)
    target = rng.standard_normal(y.shape)
    dz = 2 * (y - target) / y.size
    dz = dz if len(shape) == 1 else np.moveaxis(dz, 1, -1)
    grad = module.backward(params, cache, target)["local1.W"]
    wanted = np.einsum("b...k,b...f->...kf", seen, dz)
    np.testing.assert_allclose(grad, wanted, rtol=1e-10, atol=1e-14)


def test_s05_has_n_times_k_weights():
    module = build(spec_text("systems/S05"))
    assert dict(module.PARAM_SHAPES)["local1.W"] == (12, 4, 1)
    assert "local1.b" not in module.PARAM_SHAPES
    assert int(np.prod(module.PARAM_SHAPES["local1.W"])) == 12 * 4


@LEVELS
def test_s05_outputs_depend_on_their_own_inputs_only(level):
    text = "input 48 -> local 1 4 stride=4 bias=false -> flatten\ndtype float64\n"
    options = Options(level=level, format=False, emit=("jacobian",))
    code = compile_source(Source("s05.nn", text), options).code
    space: dict = {"__name__": "generated"}
    exec(compile(code, "generated", "exec"), space)
    params = space["init_params"](1)
    jacobian = space["jacobian"](params, np.ones((2, 48)))
    own = np.kron(np.eye(12), np.ones((1, 4))) > 0
    assert (jacobian[:, ~own] == 0).all()
    assert (jacobian[:, own] == params["local1.W"].ravel()).all()


@pytest.mark.parametrize("name", S05)
def test_s05_learns(name):
    module = build(spec_text(f"systems/{name}"))
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((3, *S05[name][0]))
    classes = rng.integers(0, 3, 150)
    data = Dataset(centres[classes] + 0.5 * rng.standard_normal((150, *S05[name][0])), classes)
    result = training.train(module, data, epochs=20, batch=15)
    assert result.history[-1].train["accuracy"] > 0.98
