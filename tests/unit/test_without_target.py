"""Specs whose losses all lack a target: the module, training and evaluation by runtime and command."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import Options, compile_source
from nnc.runtime.data import Dataset, load
from nnc.runtime.training import train
from nnc.source import Source

from ..generated import build, gradient_error

TEXT = """\
fn apart(a, b) = max(0, 1 - mean((a - b)**2))
fn near(a) = mean(a * a)
input 4 -> dense 5 tanh -> [dense 3 as u, dense 3 as v]
output u, v
loss apart on u, v
loss near on u weight=0.1
optimizer adam lr=0.05
train batch=8 epochs=30 seed=1
dtype float64
"""
X = np.random.default_rng(0).normal(size=(32, 4))


@pytest.fixture(scope="module", params=[0, 1])
def made(request):
    return build(TEXT, request.param)


def test_every_function_takes_none(made):
    assert made.TARGETS == {}
    params = made.init_params(0)
    _, cache = made.forward(params, X)
    assert made.loss(params, cache) == made.loss(params, cache, None)
    assert set(made.losses(params, cache)) == {"apart", "near"}
    assert gradient_error(made, params, X, None) < 1e-6
    opt = made.init_optimizer(params)
    before = made.train_epoch(params, X, None, opt, batch=8, order=range(32))
    for _ in range(20):
        after = made.train_epoch(params, X, None, opt, batch=8, order=range(32))
    assert after < 0.2 * before


def test_a_target_is_refused(made):
    params = made.init_params(0)
    _, cache = made.forward(params, X)
    opt, target = made.init_optimizer(params), np.zeros((32, 3))
    for refused in (
        lambda: made.loss(params, cache, target),
        lambda: made.losses(params, cache, target),
        lambda: made.backward(params, cache, target),
        lambda: made.train_step(params, X, target, opt),
        lambda: made.train_epoch(params, X, target, opt, batch=8, order=range(32)),
    ):
        with pytest.raises(ValueError, match="target: no loss of this model compares with one"):
            refused()
    assert int(opt["step"]) == 0


def test_the_check_of_the_module(made, capsys):
    assert made.check()
    assert "WRONG" not in capsys.readouterr().out


def test_bare_functions_take_no_target():
    from nnc.contents import Contents

    options = Options(level=0, contents=Contents.BARE)
    found = {}
    exec(compile_source(Source("spec.nn", TEXT), options).code, found)
    whole = build(TEXT, 0)
    params = whole.init_params(0)
    _, cache = found["forward"](params, X)
    _, ours = whole.forward(params, X)
    assert found["loss"](params, cache) == pytest.approx(whole.loss(params, ours), rel=1e-12)
    for name, grad in whole.backward(params, ours).items():
        np.testing.assert_allclose(found["backward"](params, cache)[name], grad, rtol=1e-12)


def test_training_needs_no_targets_and_leaves_out_given_ones(made):
    results = [
        train(made, data, epochs=3)
        for data in (Dataset(X), Dataset(X, np.arange(32) % 3), Dataset(X, {"u": X, "v": X}))
    ]
    assert results[0].history[-1].train["loss"] < results[0].history[0].train["loss"]
    for other in results[1:]:
        assert other.curve() == results[0].curve()


def test_a_table_holds_inputs_only(made, tmp_path):
    path = tmp_path / "rows.csv"
    np.savetxt(path, X, delimiter=",")
    assert load(path, made).train.x.shape == (32, 4)


def test_the_commands(tmp_path):
    spec, rows, run = tmp_path / "spec.nn", tmp_path / "rows.npz", tmp_path / "run"
    spec.write_text(TEXT)
    np.savez(rows, x=X, y=np.arange(32) % 3)

    def nnc(*words) -> str:
        found = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
        assert found.exit_code == 0, found.output
        return found.output

    nnc("lint", "--strict", spec)
    nnc("train", spec, "--data", rows, "--epochs", 2, "--run", run)
    assert "loss" in nnc("eval", run, "--data", rows)
    nnc("report", run, "-o", tmp_path / "run.html")
    nnc("predict", run, rows, "-o", tmp_path / "out.npz")
    nnc("bench", spec, "--seconds", 0.01)
    nnc("summary", spec)
    nnc("graph", spec)


def test_a_metric_has_nothing_to_judge():
    from nnc.driver import check

    found = check(Source("a.nn", TEXT + "metric rmse\n")).report
    assert [d.code.id for d in found] == ["NN332"]


def test_an_estimator_refuses_it():
    pytest.importorskip("sklearn", reason="scikit-learn is not installed")
    from nnc.sklearn import NNRegressor

    text = "fn near(a) = mean(a * a)\ninput 4 -> dense 1 as u\nloss near on u\n"
    with pytest.raises(ValueError, match="compares with a target"):
        NNRegressor(text).fit(X, X[:, 0])
