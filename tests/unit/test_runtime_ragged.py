"""Training on rows of different lengths: lengths follow their rows, measurements skip the padding."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.data import DataError, Dataset, load
from nnc.runtime.ragged import TruePositions

from ..generated import build

TAGGER = """\
input T int ragged -> embedding 8 6 -> gru 8 return=all -> dense 2 softmax
loss crossentropy
optimizer adam lr=0.02
train epochs=2 batch=16
metric accuracy, f1, confusion
"""
PAIR = """\
input Tx2 ragged as a -> gru 3 as left
input Sx2 ragged as b -> gru 3 as right
[left, right] -> mul -> dense 1
loss mse
optimizer sgd 0.1
train epochs=1
"""


def tagged(rows=40, steps=7, junk=-99):
    """Ids, for each position whether an odd number of odd ids stands up to there, and lengths."""
    rng = np.random.default_rng(0)
    x, lengths = rng.integers(0, 8, (rows, steps)), rng.integers(1, steps + 1, rows)
    target = np.cumsum(x % 2, axis=1) % 2
    beyond = np.arange(steps) >= lengths[:, None]
    x[beyond], target[beyond] = junk, junk
    return x, target, lengths


def saved(tmp_path, **arrays):
    path = tmp_path / "rows.npz"
    np.savez(path, **arrays)
    return path


def test_lengths_come_from_the_file_beside_x_and_target(tmp_path):
    x, target, lengths = tagged()
    data, _ = load(saved(tmp_path, x=x, y=target, lengths=lengths), build(TAGGER))
    np.testing.assert_array_equal(data.lengths, lengths)
    train, test = data.split(0.25, seed=1)
    assert (len(train.lengths), len(test.lengths)) == (30, 10)
    row = int(np.flatnonzero((x == test.x[0]).all(axis=1))[0])
    assert test.lengths[0] == lengths[row]


def test_missing_lengths_are_asked_for(tmp_path):
    x, target, _ = tagged()
    with pytest.raises(DataError, match=r"no array for the true lengths of rows .*`lengths`"):
        load(saved(tmp_path, x=x, y=target), build(TAGGER))
    with pytest.raises(DataError, match=r"number of rows differs.*lengths 3"):
        load(saved(tmp_path, x=x, y=target, lengths=np.ones(3, int)), build(TAGGER))


def test_lengths_of_several_inputs_have_their_names(tmp_path):
    rng = np.random.default_rng(0)
    arrays = {"a": rng.normal(size=(6, 5, 2)), "b": rng.normal(size=(6, 3, 2))}
    arrays |= {"target": rng.normal(size=(6, 1))}
    lengths = {"a_lengths": np.array([1, 5, 2, 3, 4, 5]), "b_lengths": np.array([3, 1, 2, 3, 1, 2])}
    arrays["a"][0, 1:] = np.nan
    module = build(PAIR)
    data, _ = load(saved(tmp_path, **arrays, **lengths), module)
    assert data.lengths.keys() == {"a", "b"}
    assert np.isfinite(training.train(module, data).history[-1].loss)
    with pytest.raises(DataError, match="`b_lengths`"):
        load(saved(tmp_path, **arrays, a_lengths=lengths["a_lengths"]), module)


def test_padding_may_be_anything_but_data_are_finite():
    x, lengths = np.zeros((2, 3, 2)), np.array([1, 3])
    x[0, 1:] = np.nan
    assert len(Dataset(x, np.zeros((2, 3)), lengths=lengths)) == 2
    x[1, 2] = np.nan
    with pytest.raises(DataError, match="x, row 2, entry 3, 1: nan is not a finite"):
        Dataset(x, np.zeros((2, 3)), lengths=lengths)


def test_measurements_count_true_positions_only():
    x, target, lengths = tagged()
    module = build(TAGGER)
    result = training.train(module, Dataset(x, target, lengths=lengths))
    inside = np.arange(x.shape[1]) < lengths[:, None]
    best = module.predict(result.params, x, lengths=lengths).argmax(axis=-1)
    scores = result.history[-1].train
    assert scores["accuracy"] == pytest.approx((best == target)[inside].mean())
    assert sum(counts.sum() for counts in result.confusion.values()) == inside.sum()


def test_what_stands_in_the_padding_does_not_change_training():
    results = []
    for junk in (-99, 1):
        x, target, lengths = tagged(junk=junk)
        results.append(training.train(build(TAGGER), Dataset(x, target, lengths=lengths)))
    one, other = results
    assert [e.loss for e in one.history] == [e.loss for e in other.history]
    assert [e.train for e in one.history] == [e.train for e in other.history]
    for name, value in one.params.items():
        np.testing.assert_array_equal(other.params[name], value)


def test_wrong_lengths_name_the_data():
    x, target, lengths = tagged()
    with pytest.raises(DataError, match="rows: lengths: expected 1 to 7"):
        training.train(build(TAGGER), Dataset(x, target, "rows", lengths + 7))


def test_positions_are_those_that_a_row_has_by_itself():
    """A network that takes two positions off every row, as a convolution does."""
    module = build("input Tx1 ragged -> transpose -> conv 1 3 -> transpose; loss mse")
    lengths = np.array([3, 5, 4])
    data = Dataset(np.zeros((3, 6, 1)), lengths=lengths)
    y = np.arange(12.0).reshape(3, 4, 1)
    found = TruePositions(module, module.init_params(), {}).select(data, y)
    assert found[:, 0].tolist() == [0, 4, 5, 6, 8, 9]


@pytest.mark.parametrize("size", ["T", "6"])
@pytest.mark.parametrize(
    ("stages", "positions"),
    [
        ("dense 2 -> transpose", [3, 5, 4]),
        ("repeat 2", [3, 5, 4]),
        ("transpose -> avgpool 2", [1, 2, 2]),
        ("transpose -> avgpool 2 -> transpose", [1, 2, 2]),
        ("sum axis=-1", [3, 5, 4]),
    ],
)
def test_positions_along_any_axis(size, stages, positions):
    module = build(f"input {size}x2 ragged -> {stages}; loss mse")
    data = Dataset(np.ones((3, 6, 2)), lengths=np.array([3, 5, 4]))
    params = module.init_params()
    y = module.predict(params, data.x, lengths=data.lengths)
    found = TruePositions(module, params, {}).select(data, y)
    axis = module.RAGGED_OUTPUTS["y"]
    alone = [np.moveaxis(y, axis, 1)[row, :n] for row, n in enumerate(positions)]
    np.testing.assert_array_equal(found, np.concatenate(alone).reshape(found.shape))


def test_an_output_without_positions_stays_as_it_is():
    module = build("input Tx2 ragged -> transpose -> softmax -> sum axis=-1; loss mse")
    data = Dataset(np.ones((3, 6, 2)), lengths=np.array([3, 5, 4]))
    y = np.ones((3, 2))
    assert TruePositions(module, module.init_params(), {}).select(data, y) is y
    assert module.RAGGED_OUTPUTS == {}


def test_one_number_at_each_position_is_measured_by_itself():
    """Of `(B, T)` no axis holds classes: every position is right or wrong."""
    module = build(
        "input T ragged -> sigmoid; loss bce; optimizer sgd 0.1; train epochs=1\nmetric accuracy, r2"
    )
    x, target = np.array([[1.0, -1, 2], [-3, 1, 1]]), np.array([[1, 1, 1], [0, 0, 0.0]])
    data = Dataset(x, target, lengths=np.array([3, 1]))
    scores = training.train(module, data).history[-1].train
    assert scores["accuracy"] == 3 / 4
    errors = 1 / (1 + np.exp(-x[[0, 0, 0, 1], [0, 1, 2, 0]])) - [1, 1, 1, 0]
    assert scores["r2"] == pytest.approx(1 - (errors**2).sum() / 0.75, rel=1e-5)
