"""An optimizer's workspace fits its module, and keeps buffers of only a few batch sizes."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from ..generated import build

PLAIN = "input 3 -> dense 4 relu -> dense 2; loss mse; optimizer sgd lr=0.1"
ADAM = PLAIN.replace("sgd lr=0.1", "adam lr=0.1")
OTHER = "input 3 -> dense 5 relu -> dense 2; loss mse; optimizer adam lr=0.1"
WIDE = "input 4 -> dense 2000 relu -> dense 1; loss mse; optimizer sgd lr=0.001"
LEVELS = (0, 1)


class Run:
    """A module with parameters, an optimizer that has taken a step, and rows."""

    def __init__(self, text: str, level: int) -> None:
        self.module = build(text, level)
        rng = np.random.default_rng(0)
        self.x, self.target = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
        self.params = self.module.init_params(1)
        self.opt = self.module.init_optimizer(self.params)
        self.step()

    def step(self, rows: int = 6, params=None, opt=None) -> float:
        return self.module.train_step(
            self.params if params is None else params,
            self.x[:rows],
            self.target[:rows],
            self.opt if opt is None else opt,
        )


@pytest.mark.parametrize("text", [PLAIN, ADAM])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["dense1.W", "dense2.b"])
def test_a_parameter_that_is_gone_after_a_step_is_missed_by_name(name, level, text):
    """The last one, too: whoever compares entry by entry must compare how many there are."""
    run = Run(text, level)
    taken = run.params.pop(name)
    with pytest.raises(ValueError, match=rf"params: missing \['{name}'\]"):
        run.step()
    with pytest.raises(ValueError, match=rf"params: missing \['{name}'\]"):
        run.module.optimizer_step(run.params, run.module.init_params(), run.opt)
    run.params[name] = taken
    run.step()


@pytest.mark.parametrize("text", [PLAIN, ADAM])
@pytest.mark.parametrize("level", LEVELS)
def test_a_parameter_that_is_added_after_a_step_is_refused_by_name(level, text):
    run = Run(text, level)
    run.params["dense3.W"] = np.zeros((2, 2), np.float32)
    with pytest.raises(ValueError, match=r"params: .*unknown \['dense3.W'\]"):
        run.step()


@pytest.mark.parametrize("level", LEVELS)
def test_the_optimizer_of_another_model_is_refused(level):
    run, other = Run(ADAM, level), Run(OTHER, level)
    for opt in (other.opt, other.module.init_optimizer(other.params)):
        with pytest.raises(ValueError, match=r"^opt"):
            run.step(opt=opt)
        with pytest.raises(ValueError, match=r"^opt"):
            run.module.optimizer_step(run.params, run.module.init_params(), opt)


@pytest.mark.parametrize("text", [PLAIN, ADAM])
@pytest.mark.parametrize("level", LEVELS)
def test_the_parameters_of_another_model_are_refused(level, text):
    run, other = Run(text, level), Run(OTHER, level)
    before = {name: array.copy() for name, array in other.params.items()}
    with pytest.raises(ValueError, match=r"params\['dense1\.W'\]: expected shape \(3, 4\)"):
        run.step(params=other.params)
    for name, array in other.params.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("text", [PLAIN, ADAM])
def test_batches_of_any_size_may_follow_each_other(text):
    """A workspace gives, for each size, what a fresh optimizer with the same memory would."""
    runs = [Run(text, level) for level in LEVELS]
    for rows in (6, 2, 5, 1, 3, 4, 6, 2, 1):
        losses = [run.step(rows) for run in runs]
        assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for name, array in runs[0].params.items():
        np.testing.assert_allclose(runs[1].params[name], array, rtol=1e-4, atol=1e-6)


def test_an_optimizer_that_serves_two_sets_of_parameters_in_turn_mixes_none_of_them():
    run = Run(PLAIN, 1)
    alone = {name: array.copy() for name, array in run.params.items()}
    others = run.module.init_params(2)
    for _ in range(3):
        run.step()
        run.step(params=others)
    for _ in range(3):
        run.step(params=alone, opt=run.module.init_optimizer(alone))
    for name, array in run.params.items():
        np.testing.assert_array_equal(array, alone[name])


def test_what_is_kept_for_batch_sizes_is_bounded():
    """After thirty sizes an optimizer holds arrays for a few of them, not for all."""
    module = build(WIDE, 1)
    params, rng = module.init_params(0), np.random.default_rng(0)
    opt = module.init_optimizer(params)
    x, target = rng.normal(size=(130, 4)), rng.normal(size=(130, 1))
    tracemalloc.start()
    try:
        module.train_step(params, x, target, opt)
        one = tracemalloc.get_traced_memory()[0]
        for rows in range(100, 130):
            module.train_step(params, x[:rows], target[:rows], opt)
        many = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert one > 130 * 2000 * 4, "the hidden layer of one batch: without it nothing is measured"
    assert many < 5 * one


def test_the_sizes_of_an_epoch_are_kept():
    """A full and a last batch alternate without new arrays for either."""
    module = build(WIDE, 1)
    params, rng = module.init_params(0), np.random.default_rng(0)
    opt = module.init_optimizer(params)
    x, target = rng.normal(size=(130, 4)), rng.normal(size=(130, 1))
    for rows in (130, 70):
        module.train_step(params, x[:rows], target[:rows], opt)
    tracemalloc.start()
    try:
        for rows in (130, 70, 130, 70):
            module.train_step(params, x[:rows], target[:rows], opt)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 70 * 2000 * 4, "as much as the hidden layer of the smaller batch"


@pytest.mark.parametrize("level", LEVELS)
def test_a_cache_of_another_batch_size_is_not_written_into(level):
    run = Run(PLAIN, level)
    _, made = run.module.forward(run.params, run.x)
    for rows in (2, 6, 1):
        want, fresh = run.module.forward(run.params, run.x[:rows])
        y, made = run.module.forward(run.params, run.x[:rows], made)
        np.testing.assert_array_equal(y, want)
        grads = run.module.backward(run.params, made, run.target[:rows])
        for name, array in run.module.backward(run.params, fresh, run.target[:rows]).items():
            np.testing.assert_array_equal(grads[name], array)
