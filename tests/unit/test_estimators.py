"""NNClassifier and NNRegressor beyond scikit-learn's own checks: specs, data, searches, pickles."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import nnc
import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed: nnc[sklearn]")

import joblib
from nnc.sklearn import NNClassifier, NNRegressor
from nnc.sklearn.network import network
from nnc.sklearn.specs import filled
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris, load_linnerud, make_moons
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from .estimating import LINE, SIZED, UNIT


@pytest.fixture(scope="module")
def iris():
    return load_iris(return_X_y=True)


@pytest.fixture(scope="module")
def moons():
    return make_moons(200, noise=0.1, random_state=0)


# --- without a spec ---------------------------------------------------------------------------


def test_without_a_spec_it_learns_from_raw_columns(iris):
    x, y = iris
    assert cross_val_score(NNClassifier(random_state=0), x * [1, 100, 1e-3, 1e4], y).mean() > 0.93


def test_without_a_spec_the_scale_of_targets_does_not_matter():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3))
    y = 1e6 + 1e4 * (x[:, 0] - x[:, 1] ** 2)
    model = NNRegressor(random_state=0).fit(x, y)
    assert model.score(x, y) > 0.95


@pytest.mark.parametrize("several", [False, True])
def test_the_spec_and_the_parameters_are_the_whole_model(several, tmp_path):
    x, y = load_linnerud(return_X_y=True)
    y = y if several else y[:, 0]
    model = NNRegressor(max_iter=20, random_state=0).fit(x, y)
    assert len(nnc.lint(model.spec_)) == 0
    model.save_params(tmp_path / "model.npz")
    module = nnc.loads(model.spec_)
    given = module.predict(module.load_params(tmp_path / "model.npz"), x)
    assert model.predict(x).shape == y.shape
    assert np.allclose(given.reshape(y.shape), model.predict(x), rtol=1e-12)


def test_so_they_are_of_a_classifier(iris):
    x, y = iris
    model = NNClassifier(max_iter=5, random_state=0).fit(x, y)
    module = nnc.loads(model.spec_)
    assert np.allclose(module.predict(model.params_, x), model.predict_proba(x), rtol=1e-12)


def test_constant_columns_and_many_columns_do_no_harm():
    rng = np.random.default_rng(0)
    x = np.hstack([rng.standard_normal((40, 500)), np.full((40, 1), 7.1), np.zeros((40, 1))])
    model = NNClassifier(max_iter=30, random_state=0).fit(x, x[:, 0] > 0)
    assert model.score(x, x[:, 0] > 0) == 1
    x[:, -2:] += 0.1
    assert model.score(x, x[:, 0] > 0) == 1, "a column that was constant has no great say"


# --- a spec of one's own ----------------------------------------------------------------------


def test_sizes_are_filled_from_the_data(iris):
    model = NNClassifier(SIZED).fit(*iris)
    assert {n: a.shape for n, a in model.params_.items()} == {
        "dense1.W": (4, 8),
        "dense1.b": (8,),
        "dense2.W": (8, 3),
        "dense2.b": (3,),
    }
    assert model.score(*iris) > 0.9
    assert "let features = 4\nlet classes = 3\nlet width = 8\n" in model.spec_
    assert len(nnc.lint(SIZED)) == 0, "the spec stands for itself, too"


def test_epochs_batch_rate_and_seed_are_the_specs_unless_given(moons):
    model = NNClassifier(SIZED, n_iter_no_change=None).fit(*moons)
    assert model.n_iter_ == 40
    same = NNClassifier(SIZED, n_iter_no_change=None, random_state=None).fit(*moons)
    assert same.loss_curve_ == model.loss_curve_
    assert NNClassifier(SIZED, epochs=3).fit(*moons).n_iter_ == 3
    assert NNClassifier(SIZED, max_iter=3).fit(*moons).n_iter_ == 3
    once = NNClassifier(SIZED, epochs=1).fit(*moons)
    for changed in ({"batch_size": 50}, {"learning_rate": 0.5}, {"random_state": 4}):
        other = NNClassifier(SIZED, epochs=1, **changed).fit(*moons)
        assert not np.allclose(other.params_["dense1.W"], once.params_["dense1.W"]), changed


def test_it_trains_as_the_module_does(moons):
    """One epoch of one batch is one step of the module on the same rows."""
    x, y = moons
    model = NNClassifier(SIZED, epochs=1, batch_size=len(x)).fit(x, y)
    module = nnc.loads(SIZED)
    params = module.init_params(3)
    loss = module.train_step(params, x, y, module.init_optimizer(params))
    assert model.loss_ == pytest.approx(loss, rel=1e-5)
    for name, array in params.items():
        assert np.allclose(model.params_[name], array, rtol=1e-3, atol=1e-6)


def test_a_path_is_read(moons, tmp_path):
    (tmp_path / "sizes.nn").write_text("let width = 5\n")
    path = tmp_path / "net.nn"
    path.write_text('include "sizes.nn"\n' + SIZED.replace("let width = 8\n", ""))
    for spec in (path, str(path)):
        assert NNClassifier(spec, epochs=1).fit(*moons).params_["dense1.W"].shape == (2, 5)
    with pytest.raises(FileNotFoundError):
        NNClassifier(str(tmp_path / "none.nn")).fit(*moons)


def test_lets_of_any_length_are_replaced_where_they_stand():
    text = "let a = 2; let b = 3  # of old\nlet c = [1, 2]\ninput a -> dense b\n"
    given = filled(text, {"a": 100, "none": 5}, {"b": 4000, "c": [0.5, -1]})
    assert given == "let a = 100; let b = 4000  # of old\nlet c = [0.5, -1]\ninput a -> dense b\n"


def test_lets_are_set_and_searched(moons):
    search = GridSearchCV(
        make_pipeline(StandardScaler(), NNClassifier(SIZED, epochs=5)),
        {
            "nnclassifier__lets": [{"width": 2}, {"width": 16}],
            "nnclassifier__learning_rate": [1e-4, 0.05],
        },
        cv=3,
    ).fit(*moons)
    assert search.best_params_["nnclassifier__learning_rate"] == 0.05
    width = search.best_params_["nnclassifier__lets"]["width"]
    assert search.best_estimator_[-1].params_["dense1.b"].shape == (width,)


def test_images_ids_dropout_and_batchnorm():
    x, y = load_digits(return_X_y=True)
    text = (
        "input 1x8x8 -> conv 4 3x3 bias=false -> batchnorm relu -> flatten -> dropout 0.1 -> dense 10 softmax\n"
        "loss crossentropy\noptimizer adam lr=0.01\n"
    )
    flat = NNClassifier(text, epochs=4, batch_size=32, random_state=0).fit(x[:600] / 16, y[:600])
    deep = NNClassifier(text, epochs=4, batch_size=32, random_state=0)
    deep.fit(x[:600].reshape(-1, 8, 8) / 16, y[:600])
    assert flat.score(x[600:900] / 16, y[600:900]) > 0.8
    assert flat.loss_curve_ == deep.loss_curve_
    assert set(flat.state_) == {"batchnorm1.running_mean", "batchnorm1.running_var"}
    words = "input 6 int -> embedding 10 4 -> flatten -> dense 2 softmax; loss crossentropy"
    ids = np.random.default_rng(0).integers(0, 10, (50, 6))
    reader = NNClassifier(words, learning_rate=1.0, random_state=0).fit(ids, ids[:, 0] > 4)
    assert reader.score(ids, ids[:, 0] > 4) == 1
    with pytest.raises(ValueError, match="whole numbers"):
        reader.predict(ids + 0.5)


@pytest.mark.parametrize(
    ("unit", "loss"), [(" sigmoid", "bce"), ("", "bce"), ("", "hinge"), ("", "mse")]
)
def test_one_unit_decides_between_two_classes(unit, loss, moons):
    x, y = moons
    y = np.where(y, "yes", "no")
    model = NNClassifier(UNIT.format(unit, loss), random_state=0, max_iter=300).fit(x, y)
    assert model.score(x, y) > 0.85
    if loss == "bce":
        shares = model.predict_proba(x)
        assert np.allclose(shares.sum(axis=1), 1)
        assert shares.min() >= 0
        assert (np.where(shares[:, 1] > 0.5, "yes", "no") == model.predict(x)).all()
        assert not hasattr(model, "decision_function")
    else:
        assert (np.where(model.decision_function(x) > 0, "yes", "no") == model.predict(x)).all()
        assert not hasattr(model, "predict_proba")


@pytest.mark.parametrize(
    ("output", "loss"),
    [
        (" softmax", "crossentropy"),
        ("", "crossentropy"),
        (" log_softmax", "crossentropy"),
        (" sigmoid", "quadratic"),
        ("", "hinge"),
    ],
)
def test_every_way_to_classify_three(output, loss, iris):
    x, y = iris
    text = f"input 4 -> dense 16 tanh -> dense 3{output}\nloss {loss}\noptimizer adam lr=0.02\n"
    model = NNClassifier(text, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.9
    given = model.decision_function(x) if loss == "hinge" else model.predict_proba(x)
    assert given.shape == (150, 3)
    assert (given.argmax(axis=1) == model.predict(x)).all()
    if loss != "hinge":
        assert np.allclose(given.sum(axis=1), 1)
        assert given.min() >= 0
    if loss == "crossentropy":
        assert -np.log(given[np.arange(150), y]).mean() == pytest.approx(model.loss_, abs=0.02)


def test_an_exact_solution():
    x = np.random.default_rng(0).standard_normal((50, 4))
    model = NNRegressor(LINE + "optimizer lstsq\n").fit(x, x @ [1, 2, 3, 4] + 5)
    assert model.n_iter_ == 1
    assert np.allclose(model.params_["dense1.W"][:, 0], [1, 2, 3, 4], atol=1e-4)


# --- going on, stopping, keeping --------------------------------------------------------------


def test_early_stopping_keeps_the_best(moons):
    x, y = moons
    model = NNClassifier(
        SIZED, early_stopping=True, max_iter=200, n_iter_no_change=5, random_state=0
    ).fit(x, y)
    assert len(model.validation_scores_) == model.n_iter_ < 200
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.n_iter_ - 1 - np.argmax(model.validation_scores_) > 5
    untilbest = NNClassifier(
        SIZED,
        early_stopping=True,
        max_iter=1 + int(np.argmax(model.validation_scores_)),
        n_iter_no_change=None,
        random_state=0,
    ).fit(x, y)
    for name, array in model.params_.items():
        assert np.array_equal(array, untilbest.params_[name])


def test_training_ends_when_the_loss_stands_still(moons):
    model = NNClassifier(SIZED, max_iter=500, tol=0.5, n_iter_no_change=3).fit(*moons)
    assert model.n_iter_ < 20
    assert NNClassifier(SIZED, tol=0.5, n_iter_no_change=None).fit(*moons).n_iter_ == 40


def test_warm_start_and_partial_fit_go_on_as_one_training(moons):
    x, y = moons
    whole = NNClassifier(SIZED, epochs=6, n_iter_no_change=None).fit(x, y)
    warm = NNClassifier(SIZED, epochs=3, n_iter_no_change=None, warm_start=True).fit(x, y)
    warm = pickle.loads(pickle.dumps(warm)).fit(x, y)
    steps = NNClassifier(SIZED)
    for _ in range(6):
        steps.partial_fit(x, y, classes=[0, 1])
    for other in (warm, steps):
        assert other.loss_curve_ == whole.loss_curve_
        assert other.n_iter_ == 6
        assert all(np.array_equal(a, whole.params_[n]) for n, a in other.params_.items())
    again = whole.fit(x, y)
    assert again.n_iter_ == 6


def test_partial_fit_of_a_stream(iris):
    x, y = iris
    order = np.random.default_rng(0).permutation(150)
    x, y = x[order], y[order]
    model = NNClassifier(random_state=0)
    for _ in range(60):
        for start in range(0, 150, 50):
            model.partial_fit(x[start : start + 50], y[start : start + 50], classes=[0, 1, 2])
    assert model.score(x, y) > 0.93
    with pytest.raises(ValueError, match="not the same as on the last call"):
        model.partial_fit(x, y, classes=[0, 1])
    with pytest.raises(ValueError, match="classes that were not there at first: \\[7\\]"):
        model.partial_fit(x[:2], [0, 7])


def test_a_fitted_estimator_is_pickled_without_its_module(iris, tmp_path):
    x, y = iris
    model = NNClassifier(SIZED, epochs=3).fit(x, y)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    joblib.dump(model, tmp_path / "model.joblib")
    assert b"train_step" not in (tmp_path / "model.pickle").read_bytes()
    program = (
        "import joblib, pickle, numpy as np\n"
        "from sklearn.datasets import load_iris\n"
        "x = load_iris().data\n"
        "a = pickle.load(open('model.pickle', 'rb')); b = joblib.load('model.joblib')\n"
        "assert (a.predict_proba(x) == b.predict_proba(x)).all()\n"
        "np.save('given.npy', a.predict_proba(x))\n"
    )
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True)
    assert np.array_equal(np.load(tmp_path / "given.npy"), model.predict_proba(x))
    assert np.array_equal(copy.deepcopy(model).predict(x), model.predict(x))
    with pytest.raises(NotFittedError):
        clone(model).predict(x)


def test_over_joblib_and_dask(iris):
    x, y = iris
    alone = cross_val_score(NNClassifier(SIZED, epochs=5), x, y, cv=3)
    assert np.array_equal(
        cross_val_score(NNClassifier(SIZED, epochs=5), x, y, cv=3, n_jobs=2), alone
    )
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, dashboard_address=None, processes=True
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config("dask"),
    ):
        search = GridSearchCV(NNClassifier(SIZED), {"epochs": [1, 5]}, cv=3).fit(x, y)
    assert search.best_params_ == {"epochs": 5}
    assert search.cv_results_["mean_test_score"][1] == pytest.approx(alone.mean())


def test_a_spec_is_compiled_once(moons):
    network.cache_clear()
    cross_val_score(NNClassifier(SIZED, epochs=1), *moons, cv=5)
    assert network.cache_info().misses == 1
