"""S02: padded sequences with their true lengths, an lstm, the last valid state, two classes."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.driver import check
from nnc.runtime import training
from nnc.runtime.data import Dataset
from nnc.runtime.training import Ending
from nnc.source import Source

from .generated import build, gradient_error, in_float64, spec_text

LEVELS = pytest.mark.parametrize("level", [0, 1])
SPEC = spec_text("systems/S02")
LENGTHS = np.array([3, 7, 1, 5, 7])  # unsorted


def sequences(rows=LENGTHS, steps=7, seed=0):
    return np.random.default_rng(seed).normal(size=(len(rows), steps, 768))


def junk_beyond(x, lengths, value):
    dirty = x.copy()
    dirty[np.arange(x.shape[1]) >= lengths[:, None]] = value
    return dirty


@LEVELS
def test_s02_gradients_equal_central_differences(level):
    made, target = build(in_float64(SPEC), level), np.array([0, 1, 1, 0, 1])
    assert gradient_error(made, made.init_params(3), sequences(), target) < 1e-6


@LEVELS
def test_s02_equals_a_packed_sequence(level):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed")
    made, x = build(in_float64(SPEC), level), junk_beyond(sequences(), LENGTHS, np.nan)
    params = made.init_params(1)
    lstm = torch.nn.LSTM(768, 100, batch_first=True, dtype=torch.float64)
    weights = {
        "weight_ih_l0": torch.tensor(params["lstm1.Wx"].T),
        "weight_hh_l0": torch.tensor(params["lstm1.Wh"].T),
        "bias_ih_l0": torch.tensor(params["lstm1.b"]),
        "bias_hh_l0": torch.zeros(400, dtype=torch.float64),
    }
    lstm.load_state_dict(weights)
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.tensor(x), torch.tensor(LENGTHS), batch_first=True, enforce_sorted=False
    )
    _, (last, _) = lstm(packed)
    logits = last[0].detach().numpy() @ params["dense1.W"] + params["dense1.b"]
    want = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    got = made.predict(params, x, lengths=LENGTHS)
    assert np.abs(got - want).max() < 1e-10


@LEVELS
@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 1e30])
def test_s02_the_padding_changes_nothing(level, value):
    made, x, target = build(SPEC, level), sequences(), np.array([0, 1, 1, 0, 1])
    params = made.init_params(1)
    answers = []
    for rows in (x, junk_beyond(x, LENGTHS, value)):
        y, cache = made.forward(params, rows, lengths=LENGTHS)
        grads = made.backward(params, cache, target)
        answers.append([y, made.loss(params, cache, target), *map(np.array, grads.values())])
    for one, other in zip(*answers, strict=True):
        assert np.array_equal(one, other)
        assert np.isfinite(one).all()


def test_s02_learns_what_the_last_true_vectors_say():
    rng = np.random.default_rng(0)
    rows, steps = 240, 12
    lengths, target = rng.integers(1, steps + 1, rows), rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, steps, 768)).astype(np.float32)
    x[np.arange(rows), lengths - 1, :4] += 3 * (2 * target[:, None] - 1)
    x = junk_beyond(x, lengths, np.nan)
    data = Dataset(x, target, lengths=lengths)
    train, test = data.take(slice(0, 200)), data.take(slice(200, None))
    result = training.train(build(SPEC), train, test=test, epochs=12)
    assert result.ending is Ending.DONE
    assert result.history[-1].train["accuracy"] == 1
    assert result.history[-1].test["accuracy"] >= 0.9


def test_s02_without_an_axis_of_positions_is_an_error_that_says_so():
    mistaken = SPEC.replace("Tx768 ragged", "768")
    (found,) = [d for d in check(Source("S02.nn", mistaken)).report if d.code.id == "NN219"]
    assert "lstm" in found.message
    assert "768" in found.shapes
