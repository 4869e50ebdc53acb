"""Metrics with row weights: equal to those of rows repeated by their weight."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime.data import Dataset
from nnc.runtime.evaluation import evaluate
from nnc.runtime.metrics import METRICS, OF_CLASSES, confusion
from nnc.runtime.training import train

from ..generated import build

COUNTS = np.array([1, 3, 0, 2, 1, 0, 4, 2])
ROWS = len(COUNTS)


def drawn(name: str, lead: tuple[int, ...], kind: str, seed: int):
    """Outputs and targets: class ids, one-hot rows, a single output of two classes, numbers."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, 3, (ROWS, *lead))
    if name not in OF_CLASSES:
        return rng.normal(size=(ROWS, *lead, 3)), rng.normal(size=(ROWS, *lead, 3))
    if kind == "one":
        return rng.random((ROWS, *lead, 1)), (ids > 0).astype(int)
    y = rng.random((ROWS, *lead, 3))
    return y, ids if kind == "ids" else np.eye(3)[ids]


@pytest.mark.parametrize("kind", ["ids", "rows", "one"])
@pytest.mark.parametrize("lead", [(), (4,)])
@pytest.mark.parametrize("name", METRICS)
def test_a_row_of_weight_n_is_n_rows(name, lead, kind):
    for seed in range(5):
        y, target = drawn(name, lead, kind, seed)
        each = np.broadcast_to(COUNTS.reshape(-1, *[1] * (target.ndim - 1)), target.shape)
        more = {"k": 2} if name == "top_k" else {}
        got = METRICS[name](y, target, each, **more)
        want = METRICS[name](np.repeat(y, COUNTS, 0), np.repeat(target, COUNTS, 0), **more)
        assert got == pytest.approx(want, rel=1e-12)
        assert got != pytest.approx(METRICS[name](y, target, **more)) or name in OF_CLASSES


def test_equal_weights_change_nothing():
    for name, metric in METRICS.items():
        y, target = drawn(name, (2,), "ids", 1)
        each = np.full(target.shape, 0.5)
        assert metric(y, target, each) == pytest.approx(metric(y, target), rel=1e-12)


def test_a_confusion_may_be_of_weights():
    y, target = drawn("accuracy", (), "ids", 3)
    want = confusion(np.repeat(y, COUNTS, 0), np.repeat(target, COUNTS, 0))
    np.testing.assert_array_equal(confusion(y, target, COUNTS), want)


SPECS = {
    "classes": "input 4 -> dense 3 softmax\nloss crossentropy\nmetric accuracy, f1, top_k(2)\n",
    "ragged": "input Tx4 ragged -> dense 3 softmax\nloss crossentropy\nmetric accuracy, recall\n",
    "two": "input 4 -> dense 5 tanh as t\nt -> dense 3 softmax as kind\nt -> dense 1 as size\n"
    "output kind, size\nloss crossentropy on kind\nloss mse on size\nmetric accuracy, rmse, r2\n",
}
TRAINED = "optimizer sgd lr=0.1\ntrain batch=50 shuffle=false{}\ndtype float64\n"


def data_of(name: str) -> Dataset:
    rng = np.random.default_rng(0)
    if name == "ragged":
        x, ids = rng.normal(size=(ROWS, 5, 4)), rng.integers(0, 3, (ROWS, 5))
        return Dataset(x, ids, lengths=rng.integers(1, 6, ROWS))
    x, ids = rng.normal(size=(ROWS, 4)), rng.integers(0, 3, ROWS)
    target = ids if name == "classes" else {"kind": ids, "size": rng.normal(size=(ROWS, 1))}
    return Dataset(x, target)


def repeated(data: Dataset) -> Dataset:
    return data.take(np.repeat(np.arange(ROWS), COUNTS))


@pytest.mark.parametrize("name", SPECS)
def test_training_and_evaluation_report_them(name):
    weighted = build(SPECS[name] + TRAINED.format(" weights=rows"))
    plain = build(SPECS[name] + TRAINED.format(""))
    data, many = data_of(name), repeated(data_of(name))
    rows = Dataset(data.x, data.target, lengths=data.lengths, weights=COUNTS.astype(float))
    got = train(weighted, rows, validation=rows, epochs=3)
    want = train(plain, many, validation=many, epochs=3)
    for one, other in zip(got.history, want.history, strict=True):
        assert set(one.validation) == set(other.validation)
        assert len(one.validation) > 2
        for label, value in other.validation.items():
            assert one.validation[label] == pytest.approx(value, rel=1e-9), label
    found = [
        evaluate(module, got.params, {}, given, meanings={}).metrics
        for module, given in ((weighted, rows), (plain, many))
    ]
    assert found[0] == pytest.approx(found[1], rel=1e-9)


def test_ignored_rows_have_no_weight_in_metrics():
    """A row whose target is ignored is left out together with its weight."""
    text = "input 2 -> dense 3 softmax\nloss crossentropy ignore=2\nmetric accuracy\n"
    module = build(text + "optimizer sgd lr=0.1\ntrain weights=rows\n")
    rng = np.random.default_rng(0)
    x, target = rng.normal(size=(40, 2)), rng.integers(0, 3, 40)
    weights = rng.uniform(0.1, 3, 40)
    result = train(module, Dataset(x, target, weights=weights), epochs=1)
    kept = target != 2
    hits = module.predict(result.params, x).argmax(axis=1) == target
    expected = np.average(hits[kept], weights=weights[kept])
    assert result.history[-1].train["accuracy"] == pytest.approx(expected)
