"""Training on several ranks gives what one process with the whole batch gives.

The ranks are threads here, which exchange what processes would; test_mpi.py has a few of these
trainings with real processes."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.optimizers import OPTIMIZERS
from nnc.runtime.dataset import DataError, Dataset
from nnc.runtime.parallel.shared_step import own_rows
from nnc.runtime.training import Ending, train
from nnc.schedules import SCHEDULES

from ..oracle.generated import load
from .parallel_training import (
    BATCHNORM,
    CLOSE,
    DATA,
    NET,
    STEPS,
    alone,
    close,
    code,
    drawn,
    farthest,
    modules,
    on_ranks,
    spec,
    trained,
)

SCHEDULED = {
    "constant": "constant",
    "step": "step every=50 gamma=0.5",
    "multistep": "multistep milestones=[40,90] gamma=0.5",
    "exponential": "exponential gamma=0.99",
    "cosine": "cosine steps=150 warmup=20",
    "linear": "linear steps=150",
    "onecycle": "onecycle max=0.1 steps=200",
}
TRAINING = {
    "norm": "optimizer adam lr=0.01\nclip norm=0.3\n",
    "value": "optimizer sgd lr=0.1 momentum=0.9\nclip value=0.02\n",
    "penalties": "optimizer sgd lr=0.1\nregularize l1=1e-3 l2=1e-2\n",
    "decay": "optimizer adamw lr=0.01 weight_decay=0.1 decay=weights\n",
    "weights": "optimizer adam lr=0.01\nregularize l2=1e-2\ntrain weights=rows\n",
    "no shuffle": "optimizer adam lr=0.01\n",
}
LOSSES = {
    "mean": "loss crossentropy",
    "sum": "loss crossentropy reduction=sum\nregularize l2=0.1",
    "ignore": "loss crossentropy ignore=1",
    "class weights": "loss crossentropy weights=[0.2, 1, 3]",
    "balanced": "loss crossentropy weights=balanced",
    "everything": "loss crossentropy weights=[0.2, 1, 3] ignore=1 smoothing=0.1\nregularize l1=1e-3",
}
IMAGES = "input 2x4x3 -> conv 3 2x2 -> batchnorm relu -> flatten -> dense 3 softmax\n"


@pytest.mark.parametrize("name", [n for n in OPTIMIZERS if n != "lstsq"])
def test_every_optimizer(name):
    rate = "" if name == "adadelta" else " lr=0.01"
    close(spec(f"optimizer {name}{rate}\n"))


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_every_schedule(name):
    close(spec(f"optimizer sgd lr=0.1\nschedule {SCHEDULED[name]}\n"), size=2)


@pytest.mark.parametrize("name", TRAINING)
def test_clipping_penalties_and_weights_of_rows(name):
    close(spec(TRAINING[name]))


@pytest.mark.parametrize("name", LOSSES)
def test_what_a_mean_divides_by_is_that_of_the_whole_batch(name):
    net = NET.replace("loss crossentropy\n", "") + LOSSES[name] + "\n"
    close(spec("optimizer adam lr=0.01\ntrain weights=rows\n", net))
    close(spec("optimizer adam lr=0.01\n", net), size=2)


@pytest.mark.parametrize("level", [0, 1])
@pytest.mark.parametrize("size", [2, 3])
def test_batchnorm_has_the_statistics_of_the_whole_batch(level, size):
    close(spec("optimizer sgd lr=0.1\n", BATCHNORM + "loss crossentropy\n"), size=size, level=level)


def test_batchnorm_of_images_and_shares_of_other_weights():
    text = spec("optimizer sgd lr=0.1\n", IMAGES + "loss crossentropy ignore=1\n")
    close(text, drawn(37, (2, 4, 3)))


def test_losses_that_divide_by_different_counts_and_lengths():
    text = (
        "input Tx3 ragged -> transpose -> conv 4 2 -> transpose -> gru 5 return=all as h\n"
        "h -> dense 3 softmax as tag\nh -> gru 2 -> dense 2 as size\noutput tag, size\n"
        "loss crossentropy on tag ignore=1 weight=0.3\nloss mse on size\nregularize l2=1e-2\n"
        "optimizer adam lr=0.01\n"
    )
    rng = np.random.default_rng(0)
    target = {"tag": rng.integers(0, 3, (37, 5)), "size": rng.normal(size=(37, 2))}
    lengths = rng.integers(2, 7, 37)
    close(text + STEPS, Dataset(rng.normal(size=(37, 6, 3)), target, lengths=lengths))


def test_ranks_without_rows_count_for_nothing():
    """The last batch of 33 rows has 3, of which two of five ranks have none."""
    data, text = drawn(33, (4,)), spec(TRAINING["penalties"])
    expected = alone(text, data)
    for found in trained(text, data, 5):
        assert farthest(found, expected) < CLOSE


def test_a_rank_without_rows_takes_part_in_the_statistics_of_a_batch():
    data = drawn(34, (4,))
    text = spec("optimizer sgd lr=0.1\nregularize l2=0.1\n", BATCHNORM + "loss crossentropy\n")
    expected = alone(text, data)
    for found in trained(text, data, 5):
        assert farthest(found, expected) < CLOSE


def test_a_batch_of_one_row_is_refused_for_batchnorm_before_training():
    text = spec("optimizer sgd lr=0.1\n", BATCHNORM + "loss crossentropy\n")
    with pytest.raises(DataError, match="one would stand alone"):
        trained(text, drawn(31, (4,)), 2)


def test_shares_of_rows_are_adjacent_and_leave_none_out():
    rows = np.arange(10)
    parts = [own_rows(rows, rank, 4).tolist() for rank in range(4)]
    assert parts == [[0, 1], [2, 3, 4], [5, 6], [7, 8, 9]]
    assert [len(own_rows(rows[:2], rank, 4)) for rank in range(4)] == [0, 1, 0, 1]


def test_a_module_with_shares_trains_alone_as_one_without():
    text = spec("optimizer sgd lr=0.1\nregularize l2=0.1\n", BATCHNORM + "loss crossentropy\n")
    [module] = modules(text, 1)
    assert farthest(train(module, DATA), alone(text, DATA)) < CLOSE


def test_a_module_without_shares_is_refused():
    text = spec("optimizer sgd lr=0.1\n")
    found = on_ranks(2, lambda c: train(load(code(text)), DATA, communicator=c))
    assert all(isinstance(e, DataError) and "--emit shares" in str(e) for e in found)


def test_validation_patience_and_results_are_alike_on_all_ranks():
    text, valid = spec("optimizer sgd lr=5\n"), drawn(20, (4,), seed=1)
    expected = alone(text, DATA, validation=valid, patience=3)
    assert expected.ending is Ending.PATIENCE
    for found in trained(text, DATA, 2, validation=valid, patience=3):
        assert (found.ending, found.epoch, found.message) == (
            expected.ending,
            expected.epoch,
            expected.message,
        )
        assert farthest(found, expected) < CLOSE


def test_dropout_can_be_repeated_with_as_many_ranks():
    text = spec("optimizer adam lr=0.01\n", NET.replace("tanh ->", "tanh -> dropout 0.3 ->"))
    first, again = (trained(text, DATA, 2, epochs=5) for _ in range(2))
    assert farthest(first[0], again[1]) == 0
    assert farthest(first[0], alone(text, DATA, epochs=5)) > 1e-3


def test_divergence_is_found_by_all_ranks():
    text = "input 4 -> dense 6 -> dense 2\nloss mse\noptimizer sgd lr=1000\n" + STEPS
    data = Dataset(DATA.x, np.random.default_rng(0).normal(size=(37, 2)))
    expected = alone(text, data)
    assert expected.ending is Ending.DIVERGED
    for found in trained(text, data, 2):
        assert (found.ending, found.message) == (expected.ending, expected.message)
