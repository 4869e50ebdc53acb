"""Padding along an axis other than the first: values computed by hand, and refusals with a remedy.

Every kind in every orientation is tried in tests/properties/test_ragged_rows.py.
"""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from nnc.driver import check
from nnc.source import Source

from .contract import LEVELS, module

LENGTHS = np.array([6, 2])


def zeros(features: int = 1) -> np.ndarray:
    """Two rows of zeros, of 6 and 2 positions; padding is NaN."""
    x = np.zeros((2, 6, features))
    x[1, 2:] = np.nan
    return x


def values(text: str, level: int, x: np.ndarray) -> np.ndarray:
    made = module(f"{text}\nloss mse\ndtype float64\n", level)
    y, _ = made.forward(made.init_params(0), x, lengths=LENGTHS)
    assert np.array_equal(y, made.predict(made.init_params(0), x, lengths=LENGTHS))
    return y


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("kind", "long", "short"),
    [("softmax", 1 / 6, 1 / 2), ("log_softmax", -log(6), -log(2))],
)
def test_softmax_over_positions(kind, long, short, level):
    y = values(f"input Tx1 ragged -> transpose -> {kind} -> transpose", level, zeros())
    assert y[0, :, 0] == pytest.approx([long] * 6)
    assert y[1, :, 0] == pytest.approx([short] * 2 + [0] * 4)
    trailing = f"input Tx2 ragged -> dense 1 -> sum axis=1 -> {kind}"
    assert values(trailing, level, zeros(2))[1] == pytest.approx([short] * 2 + [0] * 4)


@pytest.mark.parametrize("level", LEVELS)
def test_dot_over_positions_sums_those_of_the_row_and_is_no_longer_ragged(level):
    text = "input Tx2 ragged -> shift 3 -> transpose as v\n[v, v] -> dot -> flatten"
    assert values(text, level, zeros(2)).tolist() == [[54, 54], [18, 18]]
    text = "input T ragged -> shift 3 as v\n[v, v] -> dot -> dense 2"
    assert values(text, level, zeros()[..., 0]).shape == (2, 2)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("size", ["T", "6"])
def test_zeros_that_a_kernel_of_one_adds_stand_at_the_end_of_each_row(size, level):
    """A row of 2 threes with a zero at both ends, and the bias 0: nothing of the padding."""
    text = f"input {size}x1 ragged -> shift 3 -> transpose -> conv 1 1 pad=1 init=ones -> transpose"
    y = values(text, level, zeros())
    assert y[:, :, 0].tolist() == [[0, *[3] * 6, 0], [0, 3, 3, 0, 0, 0, 0, 0]]


POOLING = """\
input Tx2 ragged -> tanh as v
v -> dense 1 -> transpose -> softmax -> sum axis=0 -> repeat 2 -> transpose as weights
[v, weights] -> mul -> sum axis=0 -> dense 1 init=ones
loss mse
dtype float64
"""


def pooled_alone(x: np.ndarray, W: np.ndarray) -> float:
    """Attention pooling of one row by the formula, weights and bias of the end 1 and 0."""
    v = np.tanh(x)
    score = np.exp(v @ W[:, 0])
    return float((v * (score / score.sum())[:, None]).sum())


@pytest.mark.parametrize("level", LEVELS)
def test_attention_pooling(level):
    made = module(POOLING, level)
    rng = np.random.default_rng(3)
    x, target = rng.standard_normal((2, 6, 2)), np.array([0.3, -0.2])
    x[1, 2:] = np.nan
    params = made.init_params(0)
    params["dense1.W"] = rng.standard_normal((2, 1))

    def loss(W: np.ndarray) -> float:
        y = [pooled_alone(row[:n], W) for row, n in zip(x, LENGTHS, strict=True)]
        return float(np.mean((y - target) ** 2))

    _, cache = made.forward(params, x, lengths=LENGTHS)
    assert made.loss(params, cache, target) == pytest.approx(loss(params["dense1.W"]), rel=1e-12)
    found = made.backward(params, cache, target)["dense1.W"]
    for i in range(2):
        step = np.zeros((2, 1))
        step[i] = 1e-6
        rise = loss(params["dense1.W"] + step) - loss(params["dense1.W"] - step)
        assert found[i, 0] == pytest.approx(rise / 2e-6, rel=1e-7)


@pytest.mark.parametrize("level", LEVELS)
def test_rows_whose_lengths_come_apart_are_refused_when_they_are_known(level):
    """Of 6 cells both branches have 3, of 4 one has 2 and the other 1."""
    text = (
        "input 6x1 ragged -> transpose -> [conv 1 2 stride=2, conv 1 4] -> add -> mean axis=1"
        "\nloss mse\ndtype float64\n"
    )
    made = module(text, level)
    params = made.init_params(0)
    made.forward(params, np.zeros((2, 6, 1)), lengths=np.array([6, 6]))
    with pytest.raises(ValueError, match="lengths: the model puts rows together that are not"):
        made.forward(params, np.zeros((2, 6, 1)), lengths=np.array([6, 4]))


@pytest.mark.parametrize(
    ("text", "code", "help"),
    [
        ("input Tx8 ragged -> transpose -> positional", "NN219", "`transpose`"),
        ("input 9x8 ragged -> transpose -> positional", "NN219", "`transpose`"),
        ("input Tx8 -> transpose -> positional", "NN219", "`transpose`"),
        ("input 9x8 ragged -> transpose -> attention 3", "NN219", "`transpose`"),
        ("input 9x8 ragged -> transpose -> dense 3", "NN214", "`transpose`"),
        ("input Tx8 ragged -> transpose -> poly 2", "NN214", "`transpose`"),
        ("input T ragged -> poly 2", "NN214", "`input Tx8 ragged`"),
        ("input 9x8 ragged -> transpose -> conv 4 3 stride=2 pad=same", "NN214", "`pad=1`"),
        ("input 4x4 ragged -> [id, transpose] -> add", "NN214", "`transpose`"),
        ("input 4x4 ragged -> [id, transpose] -> dot", "NN214", "`transpose`"),
        ("input 4x4 ragged -> [id, transpose] -> concat axis=0", "NN214", "`concat axis=-1`"),
    ],
)
def test_what_would_mix_padding_is_refused(text, code, help):
    (fault,) = [d for d in check(Source("r.nn", f"{text}\nloss mse\n")).report if d.code.id < "NN3"]
    assert fault.code.id == code
    assert help in fault.help
