"""`nnc.doctor.diagnose` and `nnc.doctor.assert_gradients`."""

from __future__ import annotations

import subprocess
import sys

import nnc
import numpy as np
import pytest

from .planted import NETS
from .test_doctor_intake import arrays

NET = NETS["digits"]


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def right(params, x, t):
    """A program with rows."""
    a = sigmoid(x @ params["W1"] + params["b1"])
    z = a @ params["W2"] + params["b2"]
    y = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    dz2 = (y - t) / len(x)
    dz1 = (dz2 @ params["W2"].T) * a * (1 - a)
    return {"W1": x.T @ dz1, "b1": dz1.sum(0), "dW2": a.T @ dz2, "db2": dz2.sum(0), "yhat": y}


def no_slope(params, x, t):
    """A program with columns, of which a line is wrong."""
    a = sigmoid(params["W1"] @ x + params["b1"])
    z = params["W2"] @ a + params["b2"]
    y = np.exp(z) / np.exp(z).sum(axis=0)
    dz2 = (y - t) / x.shape[1]
    dz1 = params["W2"].T @ dz2
    return {
        "W1": dz1 @ x.T,
        "b1": dz1.sum(1, keepdims=True),
        "W2": dz2 @ a.T,
        "b2": dz2.sum(1, keepdims=True),
    }


def test_the_answer_is_structured():
    answer = nnc.doctor.diagnose(NET.text, arrays(wrong={"missing-mean 1"}))
    assert not answer.ok
    assert [(t.name, t.status) for t in answer.tensors if t.status == "wrong"] == [("dW1", "wrong")]
    (found,) = answer.diagnoses
    assert (found.slug, found.rank, found.tensors) == ("missing-mean", 1, ("dW1",))
    assert found.fix == "dW1 = X.T @ dZ1 / len(X)"
    assert answer.unexplained == ()
    assert nnc.doctor.diagnose(NET.text, arrays()).ok


def test_a_spec_may_be_a_file_that_includes_others(tmp_path):
    (tmp_path / "blocks.nn").write_text("block two = dense 7 sigmoid -> dense 5 softmax\n")
    text = 'include "blocks.nn"\ninput 12 -> two\nloss crossentropy\ndtype float64\n'
    (tmp_path / "model.nn").write_text(text)
    assert nnc.doctor.diagnose(tmp_path / "model.nn", arrays()).ok


def test_assert_gradients_says_nothing_of_right_ones():
    nnc.doctor.assert_gradients(NET.text, arrays())
    nnc.doctor.assert_gradients(NET.text, right)
    nnc.doctor.assert_gradients(NET.text, right, rows=1, seed=3)


def test_the_diagnosis_is_the_message():
    with pytest.raises(AssertionError, match="missing-mean: the division by the number of rows"):
        nnc.doctor.assert_gradients(NET.text, arrays(wrong={"missing-mean 1"}))
    with pytest.raises(AssertionError) as caught:
        nnc.doctor.assert_gradients(NET.text, no_slope, layout=["columns", "out-in"])
    assert "missing-derivative" in str(caught.value)
    assert "dZ1 = (W2.T @ dZ2) * A1 * (1 - A1)" in str(caught.value)


def test_nothing_to_judge_is_no_success():
    found = {n: a for n, a in arrays().items() if n[0] != "d"}
    with pytest.raises(AssertionError, match="nothing to judge"):
        nnc.doctor.assert_gradients(NET.text, found)


def test_a_program_may_change_what_it_is_given():
    def careless(params, x, t):
        found = right(params, x, t)
        params["W1"] -= found["W1"]
        x *= 0
        return found

    nnc.doctor.assert_gradients(NET.text, careless)


def test_arrays_that_do_not_fit_are_an_error_of_their_own():
    with pytest.raises(nnc.doctor.BadArrays, match="no array for"):
        nnc.doctor.diagnose(NET.text, {"X": np.zeros((3, 12))})


def test_the_function_stays_whatever_is_imported_first():
    code = "import nnc.doctor.diagnose, nnc; assert callable(nnc.doctor.diagnose), nnc.doctor"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_commands_that_need_no_doctor_do_not_import_it():
    code = (
        "import sys; sys.argv = ['nnc', 'explain', 'NN201']\n"
        "from nnc.cli.main import run\n"
        "try: run()\n"
        "except SystemExit: pass\n"
        "assert not [m for m in sys.modules if m.startswith('nnc.doctor')]"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
