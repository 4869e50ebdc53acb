"""The rows of an epoch, and the smallest batch: both levels, and Numba."""

from __future__ import annotations

import importlib.util
from functools import cache

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime import training
from nnc.runtime.data import Dataset
from nnc.runtime.dataset import DataError
from nnc.runtime.module import import_module
from nnc.source import Source

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no numba here")
FORMS = [(0, "numpy"), (1, "numpy")]
ALL_FORMS = [*FORMS, pytest.param((1, "numba"), marks=NUMBA)]

PLAIN = "input 3 -> dense 2; loss mse; optimizer sgd lr=0.1"
NORMED = "input 3 -> dense 4 -> batchnorm -> dense 2; loss mse; optimizer sgd lr=0.1"
SIGNALS = "input 2xL -> batchnorm -> global_avgpool -> dense 2; loss mse; optimizer sgd lr=0.1"
SIGNALS_THEN_FEATURES = """\
input 2xL -> batchnorm -> global_avgpool -> dense 4 -> batchnorm -> dense 2
loss mse
optimizer sgd lr=0.1
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A spec's module at a level and for a target, made once for this file."""

    @cache
    def make(text: str, form: tuple[int, str]):
        options = Options(level=form[0], target=form[1], format=False)
        path = tmp_path_factory.mktemp("rows") / "model.py"
        path.write_text(compile_source(Source("spec.nn", text), options).code, encoding="utf-8")
        return import_module(path)

    return make


class Run:
    """Parameters, state and rows for a module, and what they were at first."""

    def __init__(self, module, rows: int, length: int = 0) -> None:
        rng = np.random.default_rng(0)
        shape = (rows, 2, length) if length else (rows, 3)
        self.module, self.x = module, rng.normal(size=shape)
        self.target = rng.normal(size=(rows, 2))
        self.params, self.opt = module.init_params(1), None
        self.opt = module.init_optimizer(self.params)
        self.state = module.init_state() if module.STATE_SHAPES else {}
        self.before = {k: v.copy() for k, v in (self.params | self.state).items()}

    def epoch(self, order, batch: int) -> float:
        keywords = {"state": self.state} if self.state else {}
        return self.module.train_epoch(
            self.params, self.x, self.target, self.opt, batch=batch, order=order, **keywords
        )

    def is_untouched(self) -> bool:
        now = self.params | self.state
        return self.opt["step"] == 0 and all(np.array_equal(now[k], self.before[k]) for k in now)


# --- order --------------------------------------------------------------------------------

WRONG_ORDERS = {
    "negative": ([0, 1, -1], r"order: expected rows 0\.\.5, found -1\.\.1"),
    "the first is negative": ([-6, 0, 1], r"order: expected rows 0\.\.5, found -6\.\.1"),
    "all are negative": (np.array([-2, -1]), r"order: expected rows 0\.\.5, found -2\.\.-1"),
    "one too many": ([0, 6], r"order: expected rows 0\.\.5, found 0\.\.6"),
    "numbers with a point": ([0.0, 1.0], "order: expected integers"),
    "a mask": (np.ones(6, bool), "order: expected integers"),
    "two axes": ([[0, 1], [2, 3]], "order: expected integers"),
    "none": ([], "needs rows"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("wrong", WRONG_ORDERS)
def test_rows_that_there_are_not_are_refused_before_the_first_step(wrong, form, made):
    """Negative numbers too: NumPy would count them from the end, train_epoch does not."""
    order, message = WRONG_ORDERS[wrong]
    run = Run(made(PLAIN, form), rows=6)
    with pytest.raises(ValueError, match=message):
        run.epoch(order, batch=1)
    assert run.is_untouched()


@pytest.mark.parametrize("form", FORMS)
def test_the_first_and_the_last_row_may_be_taken_and_taken_again(form, made):
    run = Run(made(PLAIN, form), rows=6)
    run.epoch([5, 0, 5, 0], batch=2)
    assert run.opt["step"] == 2
    other = Run(run.module, rows=6)
    for _ in range(2):
        other.module.train_step(other.params, other.x[[5, 0]], other.target[[5, 0]], other.opt)
    for name, array in run.params.items():
        np.testing.assert_allclose(array, other.params[name], rtol=1e-6)


# --- a lone last row ----------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("rows", "batch"), [(5, 2), (5, 4), (1, 8), (4, 1)])
def test_a_row_that_would_stand_alone_is_refused_before_the_first_step(rows, batch, form, made):
    run = Run(made(NORMED, form), rows=8)
    with pytest.raises(ValueError, match="would stand alone, and batchnorm1 needs two or more"):
        run.epoch(range(rows), batch)
    assert run.is_untouched()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("rows", "batch"), [(5, 3), (4, 2), (5, 8), (5, 5)])
def test_two_rows_or_more_train(rows, batch, form, made):
    run = Run(made(NORMED, form), rows=8)
    assert np.isfinite(run.epoch(range(rows), batch))
    assert run.opt["step"] == -(-rows // batch)
    assert all(np.isfinite(array).all() for array in (run.params | run.state).values())


@pytest.mark.parametrize("form", FORMS)
def test_a_step_on_one_row_is_refused_and_changes_nothing(form, made):
    run = Run(made(NORMED, form), rows=1)
    with pytest.raises(ValueError, match="batchnorm1 needs two rows or more in training"):
        run.module.train_step(run.params, run.x, run.target, run.opt, state=run.state)
    assert run.is_untouched()
    run.module.predict(run.params, run.x, state=run.state)  # that needs no statistics of its own


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_lone_row_of_several_positions_has_a_variance_and_trains(form, made):
    run = Run(made(SIGNALS, form), rows=3, length=4)
    assert np.isfinite(run.epoch(range(3), batch=2))
    assert run.opt["step"] == 2
    assert all(np.isfinite(array).all() for array in run.state.values())


@pytest.mark.parametrize("form", ALL_FORMS)
def test_a_lone_row_of_one_position_has_none_and_is_refused(form, made):
    run = Run(made(SIGNALS, form), rows=3, length=1)
    with pytest.raises(ValueError, match="batchnorm1 needs two rows or more in training"):
        run.epoch(range(3), batch=2)
    assert all(np.isfinite(array).all() for array in (run.params | run.state).values())


@pytest.mark.parametrize("form", FORMS)
def test_the_layer_that_needs_two_rows_need_not_be_the_first(form, made):
    run = Run(made(SIGNALS_THEN_FEATURES, form), rows=3, length=4)
    with pytest.raises(ValueError, match="would stand alone, and batchnorm2 needs two or more"):
        run.epoch(range(3), batch=2)
    assert run.is_untouched()


def test_the_training_loop_says_what_to_do_and_drops_the_row_where_told(made):
    rng = np.random.default_rng(0)
    data = Dataset(rng.normal(size=(5, 3)), rng.normal(size=(5, 2)), "five")
    with pytest.raises(
        DataError, match=r"would stand alone.*drop it, or take batches of another size"
    ):
        training.train(made(NORMED, (1, "numpy")), data, batch=2, epochs=1)
    dropping = made(NORMED + "; train drop_last=true", (1, "numpy"))
    assert np.isfinite(training.train(dropping, data, batch=2, epochs=1).history[0].loss)
