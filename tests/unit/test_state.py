"""Models with state are hard to misuse: missing or mismatched state is detected."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import warnings
from functools import cache

import numpy as np
import pytest
from nnc.driver import Options, compile_source
from nnc.runtime import training
from nnc.runtime.data import Dataset, load
from nnc.runtime.module import import_module
from nnc.runtime.training import Ending
from nnc.source import Source

from ..generated import build

NORMED = """\
input 64 -> dense 32 bias=false -> batchnorm relu -> dense 10 softmax
loss crossentropy
optimizer sgd lr=0.1 momentum=0.9
"""
SMALL = "input 3 -> dense 4 -> batchnorm -> dense 2; loss mse"
SHARED = """\
input 3 as a -> dense 4 -> batchnorm as norm -> dense 2 as left
input 4 as b -> use norm -> batchnorm -> dense 2 as right
[left, right] -> add
loss mse
"""
TRAINED = r"the dict that train_step updated.*`params, state = load_params\(path\)`"
LEVELS = (0, 1)
EMIT = ("input-gradient", "vjp", "jacobian")
NUMBA = pytest.mark.skipif(importlib.util.find_spec("numba") is None, reason="no numba here")
FORMS = [(0, "numpy"), (1, "numpy"), pytest.param(1, "numba", marks=NUMBA)]


@pytest.fixture(autouse=True)
def _no_stray_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@cache
def small(level: int, text: str = SMALL):
    return build(text, level, EMIT)


def trained(module):
    """Parameters and state after some steps, and rows of numbers."""
    rng = np.random.default_rng(0)
    x, target = rng.normal(2, 3, (8, 3)), rng.normal(size=(8, 2))
    params, state = module.init_params(1), module.init_state()
    opt = module.init_optimizer(params)
    for _ in range(5):
        module.train_step(params, x, target, opt, 0.1, state=state)
    return params, state, x, target


# --- trained, saved, loaded ---------------------------------------------------------------

ELSEWHERE = """
import sys
import numpy as np
sys.path.insert(0, sys.argv[1])
import model
params, state = model.load_params(sys.argv[1] + "/params.npz")
x = np.load(sys.argv[1] + "/x.npy")
np.save(sys.argv[1] + "/y.npy", model.predict(params, x, state=state))
"""


@pytest.mark.parametrize(("level", "target"), FORMS)
def test_a_trained_network_predicts_the_same_in_another_process(level, target, tmp_path):
    options = Options(level=level, target=target, format=False)
    code = compile_source(Source("model.nn", NORMED), options).code
    (tmp_path / "model.py").write_text(code, encoding="utf-8")
    module = import_module(tmp_path / "model.py")
    train, test = load("digits", module)
    result = training.train(module, train, test=test, epochs=3)
    assert result.history[-1].test["accuracy"] > 0.9
    y = module.predict(result.params, test.x, **result.keywords)
    assert y.dtype == np.float32
    result.save(module, tmp_path / "params.npz")
    np.save(tmp_path / "x.npy", test.x)
    subprocess.run([sys.executable, "-W", "error", "-c", ELSEWHERE, str(tmp_path)], check=True)
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), y)
    # What went wrong without a word: the same parameters with fresh statistics.
    with pytest.warns(UserWarning, match="fresh"):
        wrong = module.predict(result.params, test.x, state=module.init_state())
    hits = [float(np.mean(p.argmax(axis=1) == test.target)) for p in (y, wrong)]
    assert hits[1] < hits[0], "fresh statistics would do as well: this test shows nothing"


@pytest.mark.parametrize("level", LEVELS)
def test_state_of_several_and_of_shared_norms_comes_back(level, tmp_path):
    module = small(level, SHARED)
    assert sorted(module.STATE_SHAPES) == [
        f"{layer}.running_{what}" for layer in ("batchnorm1", "norm") for what in ("mean", "var")
    ]
    rng = np.random.default_rng(0)
    x = {"a": rng.normal(size=(8, 3)), "b": rng.normal(3, 1, (8, 4))}
    params, state = module.init_params(1), module.init_state()
    opt = module.init_optimizer(params)
    for _ in range(5):
        module.train_step(params, x, rng.normal(size=(8, 2)), opt, 0.1, state=state)
    y = module.predict(params, x, state=state)
    module.save_params(tmp_path / "p.npz", params, state)
    again, kept = module.load_params(tmp_path / "p.npz")
    assert kept.keys() == state.keys()
    np.testing.assert_array_equal(module.predict(again, x, state=kept), y)


# --- a missing state ----------------------------------------------------------------------


def calls(module, params, x, target):
    """Every function that predicts or differentiates with a state, as a function of keywords."""
    return {
        "predict": lambda **k: module.predict(params, x, **k),
        "forward": lambda **k: module.forward(params, x, **k),
        "input_gradient": lambda **k: module.input_gradient(params, x, target, **k),
        "jacobian": lambda **k: module.jacobian(params, x, **k),
    }


def training_calls(module, params, x, target):
    """Every function that trains."""
    opt, order = module.init_optimizer(module.init_params()), range(8)
    return {
        "train_step": lambda **k: module.train_step(params, x, target, opt, 0.1, **k),
        "train_epoch": lambda **k: module.train_epoch(
            params, x, target, opt, batch=4, order=order, lr=0.1, **k
        ),
        "forward": lambda **k: module.forward(params, x, train=True, **k),
        "input_gradient": lambda **k: module.input_gradient(params, x, target, train=True, **k),
    }


@pytest.mark.parametrize("name", ["predict", "forward", "input_gradient", "jacobian"])
@pytest.mark.parametrize("level", LEVELS)
def test_a_missing_state_is_told_where_the_trained_one_is(level, name):
    module = small(level)
    params, _, x, target = trained(module)
    with pytest.raises(ValueError, match=f"^state: needed.*{TRAINED}"):
        calls(module, params, x, target)[name]()


@pytest.mark.parametrize("name", ["train_step", "train_epoch", "forward", "input_gradient"])
@pytest.mark.parametrize("level", LEVELS)
def test_training_without_a_state_is_told_to_make_one_once(level, name):
    module = small(level)
    params, _, x, target = trained(module)
    with pytest.raises(
        ValueError, match=r"^state: needed in training; make it with init_state\(\)"
    ):
        training_calls(module, params, x, target)[name]()


@pytest.mark.parametrize("level", LEVELS)
def test_a_state_that_is_the_pair_or_the_parameters_is_refused(level):
    module = small(level)
    params, state, x, _ = trained(module)
    with pytest.raises(ValueError, match=r"^state: .*tuple.*`params, state = load_params\(path\)`"):
        module.predict(params, x, state=(params, state))
    with pytest.raises(ValueError, match=r"^state: missing \['batchnorm1.running_mean'"):
        module.predict(params, x, state=params)


# --- a pair given as parameters -----------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_the_pair_of_load_params_given_as_parameters_is_told_apart(level, tmp_path):
    module = small(level)
    params, state, x, target = trained(module)
    module.save_params(tmp_path / "p.npz", params, state)
    pair, opt = module.load_params(tmp_path / "p.npz"), module.init_optimizer(params)
    _, made = module.forward(params, x, state=state)
    grads = module.backward(params, made, target)
    module.train_step(params, x, target, opt, 0.1, state=state)  # opt has its workspace
    given = [
        *calls(module, pair, x, target).values(),
        *training_calls(module, pair, x, target).values(),
        lambda **_: module.backward(pair, made, target),
        lambda **_: module.vjp(pair, made, target),
        lambda **_: module.sgd_step(pair, grads, 0.1),
        lambda **_: module.init_optimizer(pair),
        lambda **_: module.optimizer_step(pair, grads, opt, 0.1),
        lambda **_: module.train_step(pair, x, target, opt, 0.1, state=state),
        lambda **_: module.save_params(tmp_path / "q.npz", pair, state),
    ]
    for call in given:
        with pytest.raises(ValueError, match=r"^params: .*tuple.*`params, state = load_params"):
            call(state=state)
    assert not (tmp_path / "q.npz").exists()


@pytest.mark.parametrize("level", LEVELS)
def test_a_files_arrays_given_as_parameters_are_told_apart(level, tmp_path):
    module = small(level)
    params, state, x, _ = trained(module)
    module.save_params(tmp_path / "p.npz", params, state)
    with np.load(tmp_path / "p.npz") as file:
        everything = dict(file)
    with pytest.raises(ValueError, match=r"^params: .*running_var'\] belong to state"):
        module.predict(everything, x, state=state)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("wrong", [(), [1, 2], "params", None, 3.0])
def test_what_is_no_dict_is_refused_with_or_without_state(level, wrong):
    plain = build("input 3 -> dense 2; loss mse", level)
    x, target, opt = np.ones((2, 3)), np.ones((2, 2)), plain.init_optimizer(plain.init_params())
    plain.train_step(plain.init_params(), x, target, opt, 0.1)
    for call in (
        lambda: plain.predict(wrong, x),
        lambda: plain.train_step(wrong, x, target, opt, 0.1),
        lambda: plain.sgd_step(wrong, plain.init_params(), 0.1),
        lambda: plain.optimizer_step(wrong, plain.init_params(), opt, 0.1),
    ):
        with pytest.raises(ValueError, match=r"^params: expected a dict of arrays"):
            call()


# --- files --------------------------------------------------------------------------------


@pytest.mark.parametrize("level", LEVELS)
def test_saving_without_the_state_writes_nothing_and_says_what_to_give(level, tmp_path):
    module = small(level)
    params, state, _, _ = trained(module)
    module.save_params(tmp_path / "p.npz", params, state)
    before = (tmp_path / "p.npz").read_bytes()
    with pytest.raises(ValueError, match=r"^state: needed.*save_params\(path, params, state\)"):
        module.save_params(tmp_path / "p.npz", params)
    assert (tmp_path / "p.npz").read_bytes() == before


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("lost", [1, 2])
def test_a_file_without_the_state_is_refused_by_name(level, lost, tmp_path):
    module = small(level)
    params, state, _, _ = trained(module)
    kept = dict(list(state.items())[: 2 - lost])
    np.savez(tmp_path / "p.npz", **params, **kept)
    with pytest.raises(ValueError, match=r"p\.npz: has no state \['batchnorm1\.running_"):
        module.load_params(tmp_path / "p.npz")


@pytest.mark.parametrize("level", LEVELS)
def test_a_file_with_state_does_not_fit_a_model_without(level, tmp_path):
    module, plain = small(level), build("input 3 -> dense 4 -> dense 2; loss mse", level)
    params, state, _, _ = trained(module)
    module.save_params(tmp_path / "p.npz", params, state)
    with pytest.raises(ValueError, match=r"p\.npz: .*unknown \[.*'batchnorm1\.running_mean'"):
        plain.load_params(tmp_path / "p.npz")


# --- fresh statistics beside trained parameters -------------------------------------------


@pytest.mark.parametrize("name", ["predict", "forward", "input_gradient", "jacobian"])
@pytest.mark.parametrize("level", LEVELS)
def test_fresh_statistics_beside_trained_parameters_warn_where_they_are_used(level, name):
    module = small(level)
    params, state, x, target = trained(module)
    call = calls(module, params, x, target)[name]
    call(state=state)  # the trained ones do not
    with pytest.warns(UserWarning, match=f"batchnorm1.running_mean is fresh.*{TRAINED}"):
        call(state=module.init_state())


def test_the_warning_names_the_line_that_made_the_mistake():
    module = small(1)
    params, _, x, _ = trained(module)
    with pytest.warns(UserWarning, match="fresh") as caught:
        module.predict(params, x, state=module.init_state())
    assert caught[0].filename == __file__


@pytest.mark.parametrize("level", LEVELS)
def test_fresh_statistics_do_not_warn_beside_fresh_parameters_nor_in_training(level):
    module = small(level)
    params, _, x, target = trained(module)
    fresh = module.init_params(), module.init_state()
    module.predict(fresh[0], x, state=fresh[1])
    opt = module.init_optimizer(params)
    module.train_step(params, x, target, opt, 0.1, state=module.init_state())


@pytest.mark.parametrize("level", LEVELS)
def test_statistics_that_never_move_do_not_warn(level):
    module = small(level, SMALL.replace("batchnorm", "batchnorm momentum=0"))
    params, state, x, _ = trained(module)
    assert not state["batchnorm1.running_mean"].any()
    module.predict(params, x, state=state)


# --- what training gives ------------------------------------------------------------------


def numbers(rows: int = 40, factor: float = 1.0) -> Dataset:
    rng = np.random.default_rng(0)
    return Dataset(rng.normal(2, 3, (rows, 3)), factor * rng.normal(size=(rows, 2)), "numbers")


def test_the_result_of_a_training_saves_what_belongs_together(tmp_path):
    for text, has_state in ((SMALL, True), ("input 3 -> dense 2; loss mse", False)):
        module = build(text)
        data = numbers()
        result = training.train(module, data, epochs=2, lr=0.01)
        assert bool(result.keywords) == has_state
        result.save(module, tmp_path / "p.npz")
        loaded = module.load_params(tmp_path / "p.npz")
        params, more = (loaded[0], {"state": loaded[1]}) if has_state else (loaded, {})
        want = module.predict(result.params, data.x, **result.keywords)
        np.testing.assert_array_equal(module.predict(params, data.x, **more), want)


def test_after_a_divergence_the_state_is_that_of_the_parameters(tmp_path):
    module = build(SMALL)
    data = numbers(factor=1e30)
    result = training.train(module, data, epochs=5, lr=1e6)
    assert result.ending is Ending.DIVERGED
    for array in (*result.params.values(), *result.state.values()):
        assert np.isfinite(array).all()
    if not result.history:  # diverged in the first epoch: both are as they were made
        assert not result.state["batchnorm1.running_mean"].any()
    result.save(module, tmp_path / "p.npz")


def test_the_command_says_how_to_load_both(tmp_path):
    spec = tmp_path / "normed.nn"
    spec.write_text(NORMED, encoding="utf-8")
    command = ["train", str(spec), "--data", "digits", "--epochs", "1", "-o", "p.npz"]
    done = subprocess.run(
        [sys.executable, "-c", "from nnc.cli.main import run; run()", *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "parameters and state saved to p.npz" in done.stdout
    assert "`params, state = load_params(path)`" in done.stdout
    _, state = build(NORMED).load_params(tmp_path / "p.npz")
    assert state["batchnorm1.running_mean"].any()
