"""`nnc train` end to end: data in a file, saved parameters, read by the compiled module."""

from __future__ import annotations

import re

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.runtime.module import import_module

RNG = np.random.default_rng(0)


class Trained:
    """What `nnc train` printed and saved, and the module that `nnc compile` wrote."""

    def __init__(self, text, arrays, *options):
        with open("data.npz", "wb") as file:
            np.savez(file, **arrays)
        with open("model.nn", "w") as file:
            file.write(text)
        self.lines = run("train", "model.nn", "--data", "data.npz", "-o", "p.npz", *options)
        run("compile", "--no-format", "model.nn", "-o", "model.py")
        self.module = import_module("model.py")
        self.saved = self.module.load_params("p.npz")

    def last(self, what):
        """A figure of the last epoch, on the data that it trained on."""
        (line,) = re.findall(r"^epoch .*$", self.lines, re.M)[-1:]
        return float(re.search(rf"train .*?{what} +([\d.e+-]+)", line)[1])


def run(*words):
    done = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_batchnorm_saves_its_state_and_is_measured_with_running_statistics():
    x = 3 + 2 * RNG.standard_normal((90, 2, 6, 6))
    y = (x[:, 0].mean(axis=(1, 2)) > 3).astype(int)
    spec = (
        "input 2x6x6 -> conv 4 3x3 bias=false -> batchnorm relu -> global_avgpool"
        " -> dense 2 softmax\nloss crossentropy\noptimizer adam lr=0.02\nmetric accuracy\n"
    )
    done = Trained(spec, {"x": x, "y": y}, "--epochs", "12", "--batch", "15")
    params, state = done.saved
    assert set(state) == {"batchnorm1.running_mean", "batchnorm1.running_var"}
    assert np.abs(state["batchnorm1.running_mean"]).max() > 0.1
    found = done.module.predict(params, x, state=state).argmax(axis=1)
    assert done.last("accuracy") == pytest.approx(100 * np.mean(found == y), abs=0.01)
    assert np.mean(found == y) > 0.8


@pytest.mark.parametrize("junk", [0.0, np.nan])
def test_padded_rows_bring_their_lengths(junk):
    x, lengths = RNG.standard_normal((120, 9, 4)), RNG.integers(1, 10, 120)
    y = (x[np.arange(120), lengths - 1, 0] > 0).astype(int)
    x[np.arange(9) >= lengths[:, None]] = junk
    spec = (
        "input Tx4 ragged -> lstm 8 -> dense 2 softmax\nloss crossentropy\n"
        "optimizer adam lr=0.05\nmetric accuracy\n"
    )
    done = Trained(spec, {"x": x, "y": y, "lengths": lengths}, "--epochs", "25")
    found = done.module.predict(done.saved, x, lengths=lengths).argmax(axis=1)
    assert done.last("accuracy") == pytest.approx(100 * np.mean(found == y), abs=0.01)
    assert np.mean(found == y) > 0.9


def test_padded_rows_without_lengths_are_refused():
    with pytest.raises(AssertionError, match="lengths"):
        Trained(
            "input Tx4 ragged -> lstm 2\nloss mse", {"x": np.ones((3, 5, 4)), "y": np.ones((3, 2))}
        )


def test_token_ids():
    x = RNG.integers(0, 30, (200, 7))
    spec = (
        "input T int -> embedding 30 8 -> mean axis=0 -> dense 2 softmax\nloss crossentropy\n"
        "optimizer adam lr=0.05\nmetric accuracy\n"
    )
    y = (np.sum(x < 15, axis=1) > 3).astype(int)
    done = Trained(spec, {"x": x, "y": y}, "--epochs", "30", "--test-fraction", "0.2")
    assert done.last("accuracy") > 95
    assert "test" in done.lines


def test_an_id_out_of_range_is_told_with_its_place():
    spec = "input T int -> embedding 5 3 -> mean axis=0\nloss mse\n"
    with pytest.raises(AssertionError, match=r"0 to 4|0\.\.4|below 5|less than 5"):
        Trained(spec, {"x": np.array([[1, 2], [7, 0]]), "y": np.ones((2, 3))}, "--lr", "0.1")


def test_several_inputs_and_outputs():
    left, right = RNG.standard_normal((2, 150, 3))
    arrays = {
        "left": left,
        "right": right,
        "kind": (left[:, 0] > right[:, 0]).astype(int),
        "size": (left + right)[:, 1:2],
    }
    spec = (
        "input 3 as left -> dense 8 as a\ninput 3 as right -> dense 8 as b\n"
        "[a, b] -> concat -> dense 16 tanh as trunk -> dense 2 softmax as kind\n"
        "trunk -> dense 1 as size\noutput kind, size\n"
        "loss crossentropy on kind weight=0.5\nloss mse on size\noptimizer adam lr=0.02\n"
    )
    done = Trained(spec, arrays, "--epochs", "30")
    y = done.module.predict(done.saved, {"left": left, "right": right})
    assert np.mean(y["kind"].argmax(axis=1) == arrays["kind"]) > 0.95
    assert np.abs(y["size"] - arrays["size"]).mean() < 0.2


def test_least_squares():
    x = RNG.standard_normal((40, 3))
    done = Trained(
        "input 3 -> dense 2\nloss mse\noptimizer lstsq\ndtype float64\n",
        {"x": x, "y": x[:, :2] + 1},
    )
    assert done.last("loss") < 1e-20
    assert done.saved["dense1.b"] == pytest.approx([1, 1])


def test_a_schedule_with_warmup_and_clipping():
    """After `steps` the rate is zero: more epochs change nothing."""
    x = RNG.standard_normal((64, 4))
    spec = (
        "input 4 -> dense 1\nloss mse\noptimizer adam lr=0.1\n"
        "schedule cosine steps=40 warmup=5\nclip norm=1\ntrain batch=16\n"
    )
    data = {"x": x, "y": x @ [[1.0], [2], [3], [4]]}
    twelve, twenty = (Trained(spec, data, "--epochs", n, "--seed", "1") for n in ("12", "20"))
    assert twelve.last("loss") < 0.5 * (1 + 4 + 9 + 16)
    for name, value in twelve.saved.items():
        assert np.array_equal(value, twenty.saved[name])
    assert not np.array_equal(Trained(spec, data, "--epochs", "5").saved["dense1.W"], value)
