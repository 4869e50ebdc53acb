"""A target may omit the last axis of an output of width 1, whatever its rank, and only then."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime import training
from nnc.runtime.data import Dataset

from .contract import LEVELS, module

RNG = np.random.default_rng(0)
NUMBERS = RNG.random((3, 4, 2))
OUTPUTS = {
    "D": ("input 5 -> dense 1", (3, 5), (3,)),
    "TxD": ("input Tx5 -> dense 1", (3, 4, 5), (3, 4)),
    "NxTxD": ("input Tx5 -> dense 1 -> repeat 2", (3, 4, 5), (3, 2, 4)),
    "NxTxD, a number": ("input 4x5 -> dense 1 -> repeat 2", (3, 4, 5), (3, 2, 4)),
}
TARGETS = {
    "mse": lambda shape: RNG.standard_normal(shape),
    "bce": lambda shape: RNG.random(shape),
    "hinge": lambda shape: RNG.choice([-1, 1], shape),
    "poisson": lambda shape: RNG.integers(0, 4, shape),
    "huber": lambda shape: RNG.standard_normal(shape).astype(np.float32),
}


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("loss", TARGETS)
@pytest.mark.parametrize("output", OUTPUTS)
def test_both_forms_give_the_same(output, loss, level):
    chain, x_shape, shape = OUTPUTS[output]
    made = module(f"{chain}\nloss {loss}\noptimizer sgd 0.1\ndtype float64\n", level)
    x, target = RNG.standard_normal(x_shape), TARGETS[loss](shape)
    found = []
    for given in (target, target[..., None]):
        params = made.init_params(1)
        _, cache = made.forward(params, x)
        loss_of, grads = made.loss(params, cache, given), made.backward(params, cache, given)
        step = made.train_step(params, x, given, made.init_optimizer(params))
        found.append([loss_of, step, *(np.array(v) for v in (*grads.values(), *params.values()))])
    assert all(np.array_equal(a, b) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("level", LEVELS)
def test_hand_computed(level):
    """A network of zeros: the loss is the mean square of the target."""
    made = module("input Tx2 -> dense 1 init=zeros; loss mse; dtype float64", level)
    params = made.init_params(0)
    _, cache = made.forward(params, np.ones((2, 3, 2)))
    assert made.loss(params, cache, [[1, 2, 3], [0, 0, 2]]) == pytest.approx(18 / 6)


@pytest.mark.parametrize("level", LEVELS)
def test_padded_rows(level):
    made = module("input Tx2 ragged -> dense 1 init=zeros; loss mse; dtype float64", level)
    params, lengths = made.init_params(0), np.array([3, 1])
    _, cache = made.forward(params, np.ones((2, 3, 2)), lengths=lengths)
    target = np.array([[1, 2, 3], [2, np.nan, np.nan]])
    for given in (target, target[..., None]):
        assert made.loss(params, cache, given) == pytest.approx(18 / 4)


@pytest.mark.parametrize("level", LEVELS)
def test_each_of_two_outputs_by_itself(level):
    """One is one wide, the other has classes, whose ids lack the axis of the classes."""
    made = module(
        "input Tx5 as x -> dense 1 as size\nx -> dense 3 softmax as kind\noutput size, kind\n"
        "loss mse on size\nloss crossentropy on kind\ndtype float64\n",
        level,
    )
    params, x = made.init_params(0), RNG.standard_normal((2, 4, 5))
    size, kind = RNG.standard_normal((2, 4)), RNG.integers(0, 3, (2, 4))
    _, cache = made.forward(params, x)
    losses = [
        made.losses(params, cache, {"size": s, "kind": k})
        for s in (size, size[..., None])
        for k in (kind, np.eye(3)[kind])
    ]
    assert all(other == pytest.approx(losses[0], rel=1e-14) for other in losses)
    with pytest.raises(ValueError, match=r"size: expected shape \(2, 4, 1\), found \(2,\)"):
        made.loss(params, cache, {"size": size[:, 0], "kind": kind})


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("chain", "loss", "shape", "message"),
    [
        ("input Tx5 -> dense 3", "mse", (3, 4), "class ids must be one-hot"),
        ("input Tx5 -> dense 1", "mse", (3,), r"expected shape \(3, 4, 1\), found \(3,\)"),
        ("input Tx5 -> dense 1", "mse", (3, 1), r"expected shape \(3, 4, 1\), found \(3, 1\)"),
        ("input Tx5 -> dense 1", "hinge", (3, 5), r"\(3, 4, 1\)"),
        ("input Tx5 -> dense 1 -> transpose", "mse", (3, 4), r"expected shape \(3, 1, 4\)"),
    ],
)
def test_nothing_else_is_left_out(chain, loss, shape, message, level):
    made = module(f"{chain}\nloss {loss}\n", level)
    params = made.init_params(0)
    _, cache = made.forward(params, np.zeros((3, 4, 5)))
    with pytest.raises(ValueError, match=message):
        made.loss(params, cache, np.ones(shape, int))


@pytest.mark.parametrize("level", LEVELS)
def test_ids_of_an_only_class_are_ids(level):
    """Where the number of classes is found at run time, ids stay ids, even of one class."""
    made = module("input C -> shift 0; loss hinge; dtype float64", level)
    _, cache = made.forward({}, [[0.5], [2.0]])
    assert made.loss({}, cache, [0, 0]) == 0


@pytest.mark.parametrize(("loss", "classes"), [("bce", (0, 1)), ("hinge", (0, 1))])
def test_training_and_metrics_take_both_forms(loss, classes):
    text = (
        f"input Tx2 -> dense 1{' sigmoid' * (loss == 'bce')}\nloss {loss}\n"
        "optimizer sgd 0.1\ntrain epochs=2 batch=4\nmetric accuracy\n"
    )
    x, target = RNG.standard_normal((8, 3, 2)), RNG.choice(classes, (8, 3))
    short, full = (
        training.train(module(text), Dataset(x, given)).history
        for given in (target, target[..., None])
    )
    assert [(e.loss, e.train) for e in short] == [(e.loss, e.train) for e in full]
    assert "accuracy" in short[-1].train
