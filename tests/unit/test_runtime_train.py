from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.data import DataError, Dataset, load
from nnc.runtime.module import import_module
from nnc.runtime.training import Ending, plan

MLP = Path(__file__).with_name("handwritten_mlp.py")


@pytest.fixture
def mlp():
    return import_module(MLP)


@pytest.fixture
def data(mlp):
    return load("digits", mlp).train.take(slice(0, 200))


def test_training_learns_and_reports_every_epoch(mlp):
    train, test = load("digits", mlp)
    seen = []
    result = training.train(mlp, train, test=test, epochs=3, report=seen.append)
    assert result.ending is Ending.DONE
    assert tuple(seen) == result.history
    assert [epoch.number for epoch in seen] == [1, 2, 3]
    assert seen[0].loss > seen[1].loss > seen[2].loss
    assert seen[-1].test["accuracy"] > 0.9
    assert seen[-1].train["loss"] < seen[0].train["loss"]
    assert "accuracy 9" in str(seen[-1])


def test_the_same_seed_gives_the_same_weights(mlp, data):
    first, again, other = (training.train(mlp, data, seed=s).params for s in (1, 1, 2))
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["dense1.W"], other["dense1.W"])


def test_watching_changes_nothing(mlp, data):
    watched = []
    plain = training.train(mlp, data)
    result = training.train(mlp, data, progress=lambda done, of: watched.append((done, of)))
    assert all(np.array_equal(plain.params[name], result.params[name]) for name in plain.params)
    assert result.history[0].loss == pytest.approx(plain.history[0].loss)
    assert watched[0] == (10, 200)
    assert watched[-1] == (200, 200)


def test_what_is_given_precedes_the_spec_and_the_spec_the_defaults(mlp):
    assert (plan(mlp, 100).epochs, plan(mlp, 100).batch) == (2, 10)
    assert (plan(mlp, 100, epochs=7).epochs, plan(mlp, 5).batch) == (7, 5)
    bare = SimpleNamespace(TRAIN={})
    assert (plan(bare, 100).epochs, plan(bare, 100).batch) == (10, 32)
    with pytest.raises(DataError):
        plan(bare, 100, batch=0)


def test_orders_are_permutations_unless_the_spec_says_otherwise():
    rng, chosen = np.random.default_rng(0), plan(SimpleNamespace(TRAIN={}), 9)
    shuffled = [chosen.order(rng, 9) for _ in range(2)]
    assert [sorted(order) for order in shuffled] == [list(range(9))] * 2
    assert not np.array_equal(*shuffled)
    kept = plan(SimpleNamespace(TRAIN={"shuffle": False, "drop_last": True, "batch": 4}), 9)
    assert kept.order(rng, 9).tolist() == list(range(8))


def test_ctrl_c_keeps_the_weights(mlp, data):
    def stop(epoch):
        if epoch.number == 2:
            raise KeyboardInterrupt

    result = training.train(mlp, data, epochs=9, report=stop)
    assert result.ending is Ending.INTERRUPTED
    assert "weights so far are kept" in result.message
    two = training.train(mlp, data, epochs=2)
    assert all(np.array_equal(result.params[name], two.params[name]) for name in two.params)


def test_divergence_is_said_and_the_last_finite_weights_are_kept(mlp, data):
    whole, calls = mlp.train_step, []

    def train_step(params, *args, **keywords):
        calls.append(whole(params, *args, **keywords))
        if len(calls) <= 40:
            return calls[-1]
        params["dense1.W"][:] = np.nan
        return float("nan")

    mlp.train_step = train_step
    result = training.train(mlp, data, epochs=5)
    assert result.ending is Ending.DIVERGED
    assert "nan in epoch 3" in result.message
    assert len(result.history) == 2
    assert all(np.isfinite(array).all() for array in result.params.values())


def test_the_specs_metrics_are_reported(mlp, data):
    mlp.METRICS = ("accuracy", "f1")
    result = training.train(mlp, data, epochs=1)
    assert list(result.history[0].train) == ["loss", "accuracy", "f1"]


def test_the_specs_confusion_is_counted_at_the_end(mlp, data):
    mlp.METRICS = ("top_k(2)", "confusion")
    result = training.train(mlp, data, epochs=1)
    assert list(result.history[0].train) == ["loss", "top_k(2)"]
    assert result.confusion[""].sum() == len(data)
    assert np.trace(result.confusion[""]) > 0


def test_class_ids_are_one_hot_for_a_loss_over_rows(mlp, data):
    mlp.TARGETS, mlp.LOSSES = {"y": ("B", 10)}, {"quadratic": "quadratic"}
    mlp.train_step = lambda params, x, target, opt, **_: float(target.sum())
    mlp.loss = lambda params, cache, target: float(target.sum())
    result = training.train(mlp, data, epochs=1)
    assert result.history[0].loss == plan(mlp, len(data)).batch  # a single 1 in each row of a batch
    assert "accuracy" in result.history[0].train


def test_a_wrong_width_is_the_modules_own_error(mlp):
    with pytest.raises(DataError, match=r"the data: x must be \(B, 64\)"):
        training.train(mlp, Dataset(np.zeros((4, 3)), np.zeros(4)))
