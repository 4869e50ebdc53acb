"""Divergence: its definition, the weights kept after it, and that metrics never stop training."""

from __future__ import annotations

import math
import re
import sys

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.callback import Callback
from nnc.runtime.data import Dataset
from nnc.runtime.divergence import Watch
from nnc.runtime.module import import_module
from nnc.runtime.session import NotFinite, Session
from nnc.runtime.training import Ending

from ..generated import build, module_code


def problem(rows=64, scale=1.0):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows, 3)) * scale
    return Dataset(x, x @ np.array([[1.0], [-2.0], [0.5]]) / scale)


def linear(rate, more=""):
    return build(f"input 3 -> dense 1; loss mse; optimizer sgd lr={rate}; train batch=8 {more}")


def watch(start, losses=("mse",)):
    return Watch(losses, start, {"W": np.zeros(2)}, {})


@pytest.mark.parametrize(
    ("start", "mean", "after", "exploded"),
    [
        (2.0, 2001.0, 2001.0, True),
        (2.0, 1999.0, 1e9, False),
        (2.0, 1e9, 1999.0, False),
        (1e-6, 999.0, 999.0, False),
        (1e-6, 1001.0, 1001.0, True),
        (1e10, 9e12, 9e12, False),
        (math.inf, 1e30, 1e30, False),
    ],
)
def test_a_loss_explodes_a_thousand_times_above_its_start_or_1(start, mean, after, exploded):
    assert watch(start).exploded(mean, after) is exploded


@pytest.mark.parametrize("kind", ["poisson", "kl"])
def test_losses_without_a_lower_end_at_0_have_no_such_scale(kind):
    assert not watch(-3.0, ("mse", kind)).exploded(1e30, 1e30)


def test_weights_are_good_while_the_loss_is_not_above_its_start():
    judge = watch(2.0)
    assert [judge.is_good(loss) for loss in (1.0, 2.0, 2.1, math.nan)] == [True, True, False, False]


@pytest.mark.filterwarnings("error")
def test_an_exploded_loss_ends_training_though_it_is_finite():
    result = training.train(linear(2.0), problem(), epochs=50)
    assert result.ending is Ending.DIVERGED
    assert (result.epoch, result.history) == (0, ())
    assert "the loss rose to " in result.message
    assert "in epoch 1, from " in result.message
    assert "there are no good weights" in result.message


def test_an_exploded_loss_may_be_allowed():
    told = []
    result = training.train(
        linear(1.2), problem(), epochs=4, tell=told.append, allow_divergence=True
    )
    assert result.ending is Ending.DONE
    assert len(result.history) == result.epoch == 4
    assert result.history[-1].train["loss"] > 1000
    assert any("training diverged" in line for line in told)
    gone = training.train(linear(2.0), problem(), epochs=200, allow_divergence=True)
    assert gone.ending is Ending.DIVERGED, "of what is not finite there is no going on"


def after_epoch(monkeypatch, number, change):
    """Do something to the session when the batches of that epoch are done."""
    whole = Session.batches

    def batches(session, order, **keywords):
        whole(session, order, **keywords)
        if session.position.epoch + 1 == number and not keywords:
            change(session)

    monkeypatch.setattr(Session, "batches", batches)


def test_the_last_good_weights_are_kept(monkeypatch):
    data = problem()

    def rise(session):  # above the start, but not yet out of bounds
        session.params["dense1.W"] += 10

    def explode(session):
        session.params["dense1.W"] += 1e6
        session.position.total = 1e12 * session.rows

    after_epoch(monkeypatch, 4, rise)
    after_epoch(monkeypatch, 5, explode)
    result = training.train(linear(0.05), data, epochs=9)
    assert (result.ending, result.epoch, len(result.history)) == (Ending.DIVERGED, 3, 4)
    assert "The weights of epoch 3 are kept" in result.message
    monkeypatch.undo()
    three = training.train(linear(0.05), data, epochs=3)
    assert all(np.array_equal(result.params[k], three.params[k]) for k in three.params)


def test_the_state_is_kept_with_its_weights(monkeypatch):
    text = "input 3 -> batchnorm -> dense 1; loss mse; optimizer sgd lr=0.05; train batch=8"

    def spoil(session):
        for array in session.state.values():
            array[...] = np.nan
        raise NotFinite(math.nan)

    after_epoch(monkeypatch, 3, spoil)
    result = training.train(build(text), problem(), epochs=5)
    monkeypatch.undo()
    two = training.train(build(text), problem(), epochs=2)
    assert result.epoch == 2
    assert all(np.array_equal(result.state[k], two.state[k]) for k in two.state)
    assert two.state


def test_nothing_learned_is_said():
    told = []
    result = training.train(linear(1.0), problem(), epochs=1, tell=told.append)
    assert (result.ending, result.epoch) == (Ending.DONE, 1)
    assert told == ["no epoch ended with a loss below that before training: nothing was learned"]


def test_measuring_the_start_changes_nothing():
    text = (
        "input 3 -> dense 8 -> batchnorm relu -> dropout 0.5 -> dense 1; loss mse; "
        "optimizer sgd lr=0.05; train batch=8"
    )
    module, data = build(text), problem()
    params, state = module.init_params(0), module.init_state()
    opt, rng = module.init_optimizer(params), np.random.default_rng([0, 1])
    order = np.random.default_rng(0).permutation(len(data))
    x, target = data.x.astype(np.float32), data.target.astype(np.float32)
    module.train_epoch(params, x, target, opt, batch=8, order=order, rng=rng, state=state)
    trained = training.train(build(text), data, epochs=1)
    assert all(np.array_equal(trained.params[k], params[k]) for k in params)
    assert all(np.array_equal(trained.state[k], state[k]) for k in state)


# --- metrics --------------------------------------------------------------------------------


@pytest.mark.filterwarnings("error")
def test_metrics_that_do_not_suit_end_no_training():
    rng = np.random.default_rng(0)
    module = build(
        "input 3 -> dense 4 softmax; loss crossentropy; optimizer sgd lr=0.1\n"
        "metric r2, rmse, accuracy, top_k(50), confusion"
    )
    told = []
    data = Dataset(rng.normal(size=(40, 3)), rng.integers(0, 4, 40))
    result = training.train(module, data, test=data, epochs=2, tell=told.append)
    assert result.ending is Ending.DONE
    last = result.history[-1]
    assert math.isnan(last.test["r2"])
    assert last.test["top_k(50)"] == 1
    assert result.confusion[""].sum() == 40
    assert len([line for line in told if line.startswith("metric r2")]) == 1
    assert "r2 -" in str(last)


def test_a_regression_has_no_accuracy():
    module = build("input 3 -> dense 1; loss mse; optimizer sgd lr=0.01; metric accuracy, f1, mae")
    told = []
    result = training.train(module, problem(), epochs=1, tell=told.append)
    scores = result.history[0].train
    assert math.isnan(scores["accuracy"])
    assert math.isnan(scores["f1"])
    assert scores["mae"] > 0
    assert len(told) == 2


def test_an_exact_solution_counts_its_confusion():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 3))
    module = build("input 3 -> dense 1; loss mse; optimizer lstsq; metric accuracy, confusion")
    result = training.train(module, Dataset(x, (x[:, :1] > 0).astype(float)))
    assert result.confusion[""].sum() == 50
    assert result.history[0].train["accuracy"] > 0.9


def test_a_loss_on_an_inner_stage_hides_no_metric():
    rng = np.random.default_rng(0)
    module = build(
        "input 3 -> dense 2 tanh as h -> dense 4 softmax as y; loss crossentropy on y\n"
        "loss mse on h; output y; optimizer sgd lr=0.1; metric accuracy"
    )
    target = {"y": rng.integers(0, 4, 40), "h": rng.normal(size=(40, 2))}
    scores = (
        training.train(module, Dataset(rng.normal(size=(40, 3)), target), epochs=1).history[0].train
    )
    assert 0 <= scores["accuracy y"] <= 1


def test_pixels_have_no_accuracy_by_default():
    rng = np.random.default_rng(0)
    module = build("input 6 -> dense 2 -> dense 6 sigmoid; loss bce; optimizer sgd lr=0.1")
    x = rng.random((30, 6))
    assert list(training.train(module, Dataset(x, x), epochs=1).history[0].train) == ["loss"]


def test_a_test_set_that_does_not_fit_is_refused_before_training(monkeypatch):
    module = linear(0.1)
    monkeypatch.setattr(module, "train_step", lambda *a, **k: pytest.fail("it was trained"))
    with pytest.raises(ValueError, match="the test: x"):
        training.train(module, problem(), test=Dataset(np.zeros((4, 2)), np.zeros(4), "the test"))


# --- the first value that is not finite -----------------------------------------------------


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize(
    ("optimizer", "found"),
    [
        ("sgd lr=1e30", r"y = nan in the forward pass of spec.nn:1, `dense 1`"),
        ("sgd lr=1e10", r"mse_loss = inf in the loss of spec.nn:1, `loss mse`"),
    ],
)
def test_it_is_named_with_its_step_and_stage(tmp_path, level, optimizer, found):
    text = f"input 3 -> dense 4 -> dense 1; loss mse; optimizer {optimizer}; train batch=8"
    path = tmp_path / "model.py"
    path.write_text(module_code(text, level))
    steps = []

    class Count(Callback):
        def batch(self, session):
            steps.append(session.position.step)

    result = training.train(import_module(path), problem(), epochs=9, callbacks=[Count()])
    assert result.ending is Ending.DIVERGED
    said = (
        rf"In step {steps[-1] + 1}, the first value that is not finite is {found}; the last finite"
    )
    assert re.search(said, result.message), result.message
    assert sys.gettrace() is None or "coverage" in str(sys.gettrace())


def test_infinities_that_a_healthy_pass_has_too_are_no_culprit(tmp_path):
    """Padding is -inf for a maximum over it."""
    text = "input Tx3 ragged -> transpose -> global_maxpool -> dense 1; loss mse; optimizer sgd lr=1e30"
    path = tmp_path / "model.py"
    path.write_text(module_code(text))
    x = np.random.default_rng(0).normal(size=(64, 5, 3))
    data = Dataset(x, x[:, 0, :1], lengths=1 + np.arange(64) % 5)
    message = training.train(import_module(path), data, epochs=9).message
    assert "In step 2, the first value that is not finite is" in message
    assert "`dense 1`" in message or "`loss mse`" in message, message
