"""`nnc doctor --log` and `nnc doctor --infer`."""

from __future__ import annotations

import json
from math import log, nan

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.doctor.curves import verdicts
from nnc.doctor.inferring import infer
from nnc.doctor.intake.naming import BadArrays
from nnc.driver import check
from nnc.source import Source

from .planted import NETS, hand, numbers, sigmoid
from .test_doctor_intake import arrays, columns

FALLING = [2.3, 1.6, 1.1, 0.8, 0.6, 0.5, 0.45, 0.42]

CURVES = {
    "falls": ({"loss": FALLING}, []),
    "falls with accuracy": ({"loss": FALLING, "accuracy": [0.1 * i for i in range(8)]}, []),
    "frozen accuracy": ({"loss": FALLING, "acc": [0.1] * 8}, ["frozen-accuracy"]),
    "explodes": ({"loss": [2.3, 4, 9, 30, 200]}, ["exploding"]),
    "no numbers": ({"loss": [2.3, 2.2, nan, nan, nan]}, ["exploding"]),
    "never moves": ({"loss": [2.31] * 6}, ["no-update"]),
    "of ten classes": ({"cost": [2.6, 2.4, *[log(10) + 1e-3] * 6]}, ["class-prior-plateau"]),
    "hardly falls": ({"Loss": [9.0, 8.99, 8.98, 8.98, 8.97, 8.97]}, ["plateau"]),
    "jumps": ({"loss": [2.0, 1.0, 1.9, 0.9, 1.8, 0.9, 1.7, 0.8]}, ["step-too-large"]),
    "overfits": (
        {"loss": FALLING, "val_loss": [2.3, 1.7, 1.4, 1.3, 1.35, 1.5, 1.7, 1.9]},
        ["overfitting"],
    ),
}


def doctor(*words):
    return CliRunner().invoke(app, ["doctor", *map(str, words)], catch_exceptions=False)


@pytest.mark.parametrize("name", CURVES)
def test_curves_are_judged(name):
    curves, slugs = CURVES[name]
    assert [v.slug for v in verdicts(curves)] == slugs


def test_a_plateau_names_the_number_of_classes():
    (found,) = verdicts({"loss": [log(10)] * 3 + [log(10) + 1e-4] * 5})
    assert "ln 10" in found.seen
    assert not [
        v for v in verdicts({"loss": [log(10), log(10) + 1e-4] * 4}, classes=3) if "prior" in v.slug
    ]


def test_a_log_may_be_a_table_or_a_list(tmp_path):
    path = tmp_path / "losses.csv"
    path.write_text(
        "epoch,loss,accuracy\n" + "".join(f"{i},{v},0.1\n" for i, v in enumerate(FALLING))
    )
    done = doctor("--log", path)
    assert (done.exit_code, done.stdout.startswith("frozen-accuracy: ")) == (1, True)
    told = json.loads(doctor("--log", path, "--format", "json").stdout)
    assert list(told["verdicts"][0]) == ["slug", "seen", "advice"]
    path.write_text("\n".join(map(str, FALLING)))
    done = doctor("--log", path)
    assert (done.exit_code, done.stdout) == (0, "Nothing is odd about these curves.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file has no rows"),
        ("1\n2\n", "2 losses are too few"),
        ("a,b\n1,2\n", "no column is called loss; the columns are a, b"),
        ("1,2\n1,2\n", "several columns need a first line"),
        ("loss\n1\n2\nx\n3\n", "row 4: loss is 'x', which is no number"),
    ],
)
def test_logs_that_cannot_be_read(tmp_path, text, said):
    path = tmp_path / "losses.csv"
    path.write_text(text)
    done = doctor("--log", path)
    assert done.exit_code == 2
    assert said in done.stderr


def test_a_chain_is_proposed(tmp_path):
    found = arrays()
    found["A1"] = sigmoid(found["X"] @ found["W1"] + found["b1"])
    for turned in (found, columns(found)):
        np.savez(tmp_path / "mine.npz", **turned)
        done = doctor("--infer", tmp_path / "mine.npz")
        assert done.exit_code == 0
        assert "input 12 -> dense 7 sigmoid -> dense 5 softmax\nloss crossentropy\n" in done.stdout
        assert "# sigmoid since all of A1 is between 0 and 1" in done.stdout
        assert not check(Source("m.nn", done.stdout)).report.has_errors


def test_other_chains():
    given = numbers(NETS["regression"], 9, seed=1)
    made = hand(NETS["regression"], given)
    found = {"x": given["x"], "t": given["target"], "h1": np.tanh(given["x"] @ given["dense1.W"])}
    found |= {f"W{i}": given[f"dense{i}.W"] for i in (1, 2, 3)}
    found |= {f"dW{i}": made[f"d_dense{i}.W"] for i in (1, 2, 3)}
    spec = infer(found).spec
    assert spec.startswith("input 8 -> dense 6 bias=false tanh -> dense 6 bias=false tanh")
    assert spec.endswith("-> dense 3 bias=false\nloss mse\n")
    with pytest.raises(BadArrays, match="no chain of dense layers has the weights W1"):
        infer({"W1": np.zeros((3, 4)), "W2": np.zeros((5, 6))})
    with pytest.raises(BadArrays, match="no matrices called W1"):
        infer({"x": np.zeros((3, 4))})
