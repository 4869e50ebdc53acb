"""`metric KIND on NAME`: a metric of one of several outputs."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.diagnostics.model import Report
from nnc.driver import check, compile_source
from nnc.format.formatter import format_source
from nnc.runtime import train
from nnc.runtime.dataset import Dataset
from nnc.runtime.module import import_module
from nnc.runtime.scores import scores_of
from nnc.source import Source

HEADS = """\
input 4 -> dense 8 relu as trunk -> dense 3 softmax as kind
trunk -> dense 1 as size
output kind, size
loss crossentropy on kind
loss mse on size
"""


def found(text):
    return [(d.code.id, d.message) for d in check(Source("m.nn", HEADS + text)).report]


@pytest.fixture
def module(tmp_path):
    def made(text):
        (tmp_path / "m.py").write_text(compile_source(Source("m.nn", HEADS + text)).code)
        return import_module(tmp_path / "m.py")

    return made


def test_the_module_says_which_output(module):
    text = "metric accuracy, top_k(2) on kind\nmetric rmse on size\nmetric mae\n"
    names = ("accuracy on kind", "top_k(2) on kind", "rmse on size", "mae")
    assert names == module(text).METRICS


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("metric accuracy on kind\nmetric rmse on size", None),
        ("metric accuracy on size", "NN331"),
        ("metric rmse on kind", "NN331"),
        ("metric accuracy on trunk", "NN332"),
        ("metric accuracy on kinds", "NN102"),
        ("metric accuracy on", "NN107"),
        ("metric top_k(3) on kind", "NN332"),
        ("metric accuracy on kind\nmetric accuracy on kind", "NN332"),
        ("metric accuracy\nmetric accuracy on kind", None),
    ],
)
def test_lint_judges_the_metric_by_its_output(text, code):
    assert [c for c, _ in found(text)] == ([] if code is None else [code])


def test_a_misspelt_output_is_proposed():
    report = check(Source("m.nn", HEADS + "metric accuracy on kinds\n")).report
    (fault,) = report
    assert fault.fixes[0].edits[0].replacement == "kind"


def test_the_formatter_keeps_the_output_behind_the_last_metric():
    text = HEADS + "metric accuracy,f1  on   kind\n"
    assert format_source(Source("m.nn", text), Report()).endswith("metric accuracy, f1 on kind\n")


def test_values_are_those_of_the_output():
    """One output is right in half of the rows, the other is off by 2 everywhere."""
    kinds = np.eye(2)[[0, 1, 0, 1]]
    y = {"kind": kinds, "other": kinds, "size": np.full((4, 1), 3.5)}
    target = {
        "kind": np.array([0, 1, 1, 0]),
        "other": np.array([0, 1, 0, 1]),
        "size": np.full((4, 1), 1.5),
    }
    assert scores_of(["accuracy on kind"], y, target) == {"accuracy kind": 0.5}
    assert scores_of(["rmse on size", "accuracy on other"], y, target) == {
        "rmse size": 2.0,
        "accuracy other": 1.0,
    }
    both = scores_of(["accuracy"], y, target)
    assert both == {"accuracy kind": 0.5, "accuracy other": 1.0}


def test_a_single_output_may_be_named():
    y, target = np.eye(2), np.array([0, 0])
    assert scores_of(["accuracy on y"], y, target) == {"accuracy": 0.5}


def test_training_reports_what_is_asked_for(module):
    rng = np.random.default_rng(0)
    made = module("metric accuracy, confusion on kind\noptimizer adam\ntrain batch=8 epochs=2\n")
    x = rng.standard_normal((16, 4)).astype("float32")
    target = {
        "kind": rng.integers(0, 3, 16),
        "size": rng.standard_normal((16, 1)).astype("float32"),
    }
    result = train(made, Dataset(x, target), seed=0)
    assert set(result.history[-1].train) == {"loss", "accuracy kind"}
    assert set(result.confusion) == {"kind"}
    assert result.confusion["kind"].sum() == 16
