"""`loss crossentropy ignore=ID` outside the module: data checks accept it, metrics exclude it."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.runtime.dataset import DataError, Dataset
from nnc.runtime.evaluation import evaluate
from nnc.runtime.fit import fit_targets
from nnc.runtime.ignored import counted
from nnc.runtime.probabilities import Meaning

from ..generated import build

SPEC = "input Tx3{ragged} -> dense 4 softmax\nloss crossentropy ignore=-1{more}\ndtype float64\n"


def data_of(ragged: bool):
    rng = np.random.default_rng(1)
    x, target = rng.normal(size=(20, 6, 3)), rng.integers(0, 4, (20, 6))
    target[rng.random((20, 6)) < 0.3] = -1
    return Dataset(x, target, lengths=rng.integers(2, 7, 20) if ragged else None)


@pytest.mark.parametrize("ragged", [False, True])
def test_metrics_leave_ignored_positions_out(ragged):
    module = build(SPEC.format(ragged=" ragged" * ragged, more=""))
    assert module.IGNORED == {"target": -1}
    data, params = data_of(ragged), module.init_params(0)
    found = evaluate(module, params, {}, data, meanings={"y": Meaning.NUMBERS})
    keep = data.target != -1
    words = {}
    if ragged:
        keep &= np.arange(6) < data.lengths[:, None]
        words["lengths"] = data.lengths
    right = module.predict(params, data.x, **words).argmax(-1) == data.target
    assert found.metrics["accuracy"] == pytest.approx(right[keep].mean())
    assert sum(map(sum, found.outputs[0].confusion.tolist())) == keep.sum()


def test_other_ids_outside_of_the_classes_are_refused():
    module = build(SPEC.format(ragged="", more=""))
    data = data_of(False)
    assert fit_targets(data, module).classes
    data.target[3, 2] = -2
    with pytest.raises(DataError, match=r"outside of 0\.\.3"):
        fit_targets(data, module)


def test_balanced_weights_count_what_is_not_ignored():
    module = build(SPEC.format(ragged="", more=" weights=balanced"))
    target = np.array([[0, 0, 1, -1], [2, 3, -1, -1]])
    np.testing.assert_allclose(module.balanced_weights(target), 5 / (4 * np.array([2, 1, 1, 1])))


def test_a_module_without_it_is_left_alone():
    module = build("input 3 -> dense 4\nloss crossentropy\n")
    y, target = np.ones((2, 4)), np.array([-1, 0])
    assert counted(module, y, target)[0] is y
