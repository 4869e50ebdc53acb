"""Training with row weights by the runtime: as with rows repeated by their weight."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime import measuring
from nnc.runtime.dataset import DataError, Dataset
from nnc.runtime.module import import_module
from nnc.runtime.plan import Plan
from nnc.runtime.training import train
from nnc.source import Source

NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no numba here")
TARGETS = ["numpy", pytest.param("numba", marks=NUMBA)]

SPEC = """\
input 3 -> dense 4 tanh -> dense 3 softmax
loss crossentropy{}
optimizer sgd lr=0.1
train batch=4 shuffle=false weights=rows
dtype float64
"""


def made(folder, text: str, target: str = "numpy"):
    options = Options(target=target, format=False)
    path = folder / f"model_{target}.py"
    path.write_text(compile_source(Source("spec.nn", text), options).code, encoding="utf-8")
    return import_module(path)


def rows(count: int, weights=None) -> Dataset:
    rng = np.random.default_rng(2)
    given = None if weights is None else np.asarray(weights, float)
    return Dataset(rng.normal(size=(count, 3)), rng.integers(0, 3, count), weights=given)


def alike(got, want):
    """Two trainings that went the same way."""
    for name, array in want.params.items():
        np.testing.assert_allclose(got.params[name], array, rtol=1e-10, atol=1e-12)
    assert len(got.history) == len(want.history)
    for one, other in zip(got.history, want.history, strict=True):
        assert one.loss == pytest.approx(other.loss, rel=1e-10)
        assert one.train["loss"] == pytest.approx(other.train["loss"], rel=1e-10)
        assert one.test.get("loss", 0) == pytest.approx(other.test.get("loss", 0), rel=1e-10)
        assert one.step == other.step


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("loss", ["", " weights=balanced"])
def test_rows_of_weight_0_are_as_if_not_there(tmp_path, loss, target):
    """Whole batches of them, too."""
    module = made(tmp_path, SPEC.format(loss), target)
    weights = np.array([0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.5, 3, 1, 0, 1, 2, 0, 1])
    data, test = rows(20, weights), rows(12, np.r_[np.zeros(6), 1, 2, 0, 1, 1, 3])
    got = train(module, data, test=test, epochs=3)
    fewer = data.take(np.flatnonzero(weights))
    alike(got, train(module, fewer, test=test.take(np.flatnonzero(test.weights)), epochs=3))


@pytest.mark.parametrize("target", TARGETS)
def test_a_row_of_weight_2_is_two_rows(tmp_path, target):
    """In batches of all rows; the mean of an epoch is weighted."""
    module = made(tmp_path, SPEC.format(" weights=balanced"), target)
    counts = np.array([1, 2, 3, 1, 2, 1, 1, 4])
    data = rows(8, counts)
    again = data.take(np.repeat(np.arange(8), counts))
    whole = Dataset(again.x, again.target)
    got = train(module, data, epochs=3, batch=8)
    alike(got, train(module, whole, epochs=3, batch=15))


def test_means_over_batches_and_parts_are_weighted(tmp_path, monkeypatch):
    module = made(tmp_path, SPEC.format(""))
    weights = np.r_[np.zeros(4), 5, 1, 0, 2, 1, 1, 7, 1]
    data = rows(12, weights)
    whole = train(module, data, epochs=1).history[0]
    monkeypatch.setattr(measuring, "rows_at_a_time", lambda _: 4)
    parts = train(module, data, epochs=1).history[0]
    assert parts.train["loss"] == pytest.approx(whole.train["loss"], rel=1e-12)
    params = module.init_params(0)
    opt, losses, sums = module.init_optimizer(params), [], []
    kept = np.flatnonzero(weights)
    for some in (kept[:4], kept[4:]):
        x, target = data.x[some], data.target[some]
        losses.append(module.train_step(params, x, target, opt, weights=weights[some]))
        sums.append(weights[some].sum())
    assert whole.loss == pytest.approx(np.average(losses, weights=sums), rel=1e-12)


def test_measures_are_taken_over_parts_of_rows_without_weight(tmp_path, monkeypatch):
    module = made(tmp_path, SPEC.format(""))
    test = rows(12, np.r_[np.zeros(8), 1, 2, 0, 1])
    whole = train(module, rows(8), test=test, epochs=1).history[0]
    monkeypatch.setattr(measuring, "rows_at_a_time", lambda _: 4)
    parts = train(module, rows(8), test=test, epochs=1).history[0]
    assert parts.test["loss"] == pytest.approx(whole.test["loss"], rel=1e-12)
    assert parts.test["accuracy"] == whole.test["accuracy"]


@pytest.mark.parametrize("where", ["train", "test"])
def test_data_without_any_weight_are_refused(tmp_path, where):
    module = made(tmp_path, SPEC.format(""))
    nothing, some = rows(8, np.zeros(8)), rows(8)
    sets = (nothing, some) if where == "train" else (some, nothing)
    with pytest.raises(DataError, match="every row has weight 0"):
        train(module, sets[0], test=sets[1], epochs=1)


def test_the_sample_is_of_rows_that_count():
    data = rows(5000, np.r_[np.zeros(4000), np.ones(1000)])
    counting = np.arange(4000, 5000)
    taken = measuring.sample(data, counting)
    assert 0 < len(taken) <= 1000
    assert taken.weights is not None
    assert taken.weights.all()


@pytest.mark.parametrize("shuffle", [False, True])
def test_an_order_may_be_of_some_rows(shuffle):
    plan = Plan(1, 4, None, 0, shuffle, drop_last=True)
    some = np.array([3, 5, 8, 9, 11, 20])
    order = plan.order(np.random.default_rng(0), some)
    assert len(order) == 4
    assert set(order) <= set(some)
    assert (order.tolist() == some[:4].tolist()) is not shuffle
