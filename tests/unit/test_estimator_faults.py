"""Row weights, and the errors of estimators."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: nnc[sklearn]")

from nnc.sklearn import NNClassifier, NNRegressor
from nnc.sklearn.specs import weighted
from sklearn.datasets import load_iris, make_moons
from sklearn.exceptions import NotFittedError

from ..generated import EXAMPLES
from .estimating import LINE, SIZED


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def moons():
    return make_moons(200, noise=0.1, random_state=0)


# --- weights of rows --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["no spec", "a spec", "an exact solution"])
def test_a_row_of_weight_two_is_two_rows(kind, moons):
    x, y = moons
    weights = np.random.default_rng(0).integers(0, 3, len(x))
    many = np.repeat(x, weights, axis=0), np.repeat(y, weights)
    if kind == "an exact solution":
        make = lambda: NNRegressor(f"{LINE}optimizer lstsq\ndtype float64\n")  # noqa: E731
    else:
        text = None if kind == "no spec" else f"{SIZED}dtype float64\n"
        make = lambda: NNClassifier(text, batch_size=400, epochs=20, random_state=0)  # noqa: E731
    by_weight = make().fit(x, y, sample_weight=weights)
    repeated = make().fit(*many)
    plain = make().fit(x, y)
    for name, array in repeated.params_.items():
        assert np.allclose(by_weight.params_[name], array, rtol=1e-6, atol=1e-9)
    assert any(
        not np.allclose(by_weight.params_[n], a, rtol=1e-3) for n, a in plain.params_.items()
    )


def test_weights_of_rows_are_not_the_specs_business(moons):
    x, y = moons
    model = NNClassifier(SIZED, epochs=3, early_stopping=True).fit(x, y, sample_weight=1 + y)
    assert "weights=rows" not in model.spec_
    own = SIZED.replace("batch=16", "batch=16 weights=rows")
    assert weighted(own) == own
    assert "train batch=16 epochs=40 seed=3 weights=rows\n" in weighted(SIZED)
    same = NNClassifier(own, epochs=3, early_stopping=True).fit(x, y, sample_weight=1 + y)
    assert same.loss_curve_ == model.loss_curve_
    steps = NNClassifier(SIZED).partial_fit(x, y, classes=[0, 1], sample_weight=1 + y)
    once = NNClassifier(SIZED, epochs=1).fit(x, y, sample_weight=1 + y)
    assert (
        steps.loss_curve_ == once.loss_curve_ != NNClassifier(SIZED, epochs=1).fit(x, y).loss_curve_
    )


def test_balanced_classes_are_counted_by_weight(moons):
    x, y = moons
    text = SIZED.replace("crossentropy", "crossentropy weights=balanced")
    weights = np.where(y, 3.0, 1.0)
    model = NNClassifier(f"{text}dtype float64\n", batch_size=800, epochs=3).fit(x, y, weights)
    many = np.repeat(x, weights.astype(int), axis=0), np.repeat(y, weights.astype(int))
    repeated = NNClassifier(f"{text}dtype float64\n", batch_size=800, epochs=3).fit(*many)
    assert np.allclose(model.loss_curve_, repeated.loss_curve_, rtol=1e-9)


def test_weights_that_are_none(moons):
    x, y = moons
    for wrong in (np.zeros(200), np.full(200, -1.0), np.ones(3)):
        with pytest.raises(ValueError, match=r"(?i)weight"):
            NNClassifier(epochs=1).fit(x, y, sample_weight=wrong)
    with pytest.raises(ValueError, match="at least 2 classes"):
        NNClassifier(epochs=1).fit(x, y, sample_weight=y)


# --- faults -----------------------------------------------------------------------------------

FIVE = "input 5 -> dense 2 softmax; loss crossentropy; optimizer sgd lr=0.1"


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"spec": "input 2 -> dens 2"}, "there is no layer or block `dens`"),
        ({"spec": "input 2 -> dense 2 softmax"}, "no loss to train towards"),
        ({"spec": FIVE}, "X has rows of 2, but the spec's input is 5"),
        ({"spec": FIVE.replace("5", "2").replace("e 2", "e 3")}, "2 classes, but .* is 3 wide"),
        ({"spec": "input 2 -> dense 2 softmax; loss crossentropy"}, "names no learning rate"),
        ({"spec": (EXAMPLES / "siamese.nn").read_text()}, "one input, one output and one loss"),
        ({"spec": SIZED, "lets": {"depth": 3}}, "no `let depth`; it has features, classes, width"),
        ({"spec": SIZED, "lets": {"width": "4\ninput"}}, "width must be a number"),
        ({"max_iter": 0}, "max_iter == 0, must be >= 1"),
        ({"max_iter": 3, "epochs": 3}, "two names of one number"),
        ({"batch_size": -1}, "batch_size"),
        ({"validation_fraction": 1.0}, "validation_fraction"),
        ({"spec": SIZED.replace("tanh", "relu"), "learning_rate": 1e30}, "training diverged"),
    ],
)
def test_faults_are_said_in_a_message(keywords, message, moons):
    with pytest.raises(ValueError, match=message):
        NNClassifier(**keywords).fit(*moons)


def test_more_faults(moons, iris):
    with pytest.raises(ValueError, match="at least 2 classes"):
        NNClassifier().fit(moons[0], np.zeros(200))
    with pytest.raises(ValueError, match="early_stopping=False"):
        NNClassifier(early_stopping=True).partial_fit(*moons, classes=[0, 1])
    with pytest.raises(ValueError, match="classes must be passed"):
        NNClassifier().partial_fit(*moons)
    warm = NNClassifier(epochs=1, warm_start=True).fit(*moons)
    with pytest.raises(ValueError, match="expecting 2 features"):
        warm.fit(*iris)
    with pytest.raises(ValueError, match="1 columns, but the spec's output is 3 wide"):
        NNRegressor("input 2 -> dense 3; loss mse").fit(*moons)
    with pytest.raises(NotFittedError):
        NNClassifier().spec_  # noqa: B018


def test_without_scikit_learn_one_line_says_what_to_install(tmp_path):
    program = (
        "import sys; sys.modules['sklearn'] = None\n"
        "import importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'sklearn' else real(name, *a)\n"
        "import nnc.sklearn"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    last = done.stderr.splitlines()[-1]
    assert last == "ImportError: nnc.sklearn needs scikit-learn: pip install 'nnc[sklearn]'"


def test_every_parameter_is_documented():
    for estimator in (NNClassifier, NNRegressor):
        for name in (*estimator().get_params(), "params_", "loss_curve_", "spec_", "n_iter_"):
            assert name in estimator.__doc__
