"""`nnc doctor`: its output, exit codes and refusals."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app

from ..html_pages import Page
from .planted import NETS
from .test_doctor_intake import arrays, columns

NET = NETS["digits"]


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model.nn").write_text(NET.text)

    def invoke(*words):
        return CliRunner().invoke(app, ["doctor", *map(str, words)], catch_exceptions=False)

    return invoke


def save(found, name="mine.npz"):
    np.savez(name, **found)
    return name


def test_right_arrays(run):
    done = run("model.nn", save(arrays()))
    assert done.exit_code == 0
    assert "All 4 arrays are right." in done.stdout
    assert "mine.npz: 6 rows of data; samples are rows, weights are (in, out)." in done.stdout


def test_a_mistake_is_told_in_the_words_and_the_layout_of_the_file(run):
    done = run("model.nn", save(columns(arrays(wrong={"missing-mean 1"}))))
    assert done.exit_code == 1
    for part in (
        "samples are columns, weights are (out, in)",
        "  dW1    WRONG  5.0e+00   [",
        "missing-mean: the division by the number of rows is missing",
        "Your dW1 is 6.000 times the right one, to 15 digits; your batch has 6 rows.",
        "it is present in db2, dW2 and db1.",
        "  write         dW1 = dZ1 @ X.T / X.shape[1]",
        '  compare with  grads["dense1.W"] = x.T @ d_dense1_z',
        "nnc explain missing-mean",
    ):
        assert " ".join(part.split()) in " ".join(done.stdout.split())
    assert "d_dense1.W" not in done.stdout


def test_the_line_that_is_shown_is_where_it_says(run):
    done = run("model.nn", save(arrays(wrong={"missing-derivative 1"})))
    shown = done.stdout.partition("compare with  ")[2].splitlines()[0]
    number = int(done.stdout.partition("(line ")[2].split()[0])
    code = CliRunner().invoke(app, ["compile", "-O0", "--bare", "model.nn"]).stdout
    assert code.splitlines()[number - 1].strip().startswith(shown)
    assert shown == "d_dense1_z = d_dense1 * dense1 * (1 - dense1)"


def test_json_has_the_agreed_form(run):
    done = run("model.nn", save(arrays(wrong={"missing-mean 1"})), "--format", "json")
    assert done.exit_code == 1
    told = json.loads(done.stdout)
    assert list(told) == ["tensors", "diagnoses", "unexplained", "complete"]
    assert told["complete"] is True
    assert {t["name"]: t["status"] for t in told["tensors"]} == {
        **dict.fromkeys(("db2", "dW2", "db1"), "right"),
        "dW1": "wrong",
    }
    assert all(list(t) == ["name", "status", "error", "worst_index"] for t in told["tensors"])
    (found,) = told["diagnoses"]
    assert list(found) == ["slug", "tensors", "rank", "evidence", "fix"]
    assert (found["slug"], found["tensors"], found["rank"]) == ("missing-mean", ["dW1"], 1)
    assert found["fix"] == "dW1 = X.T @ dZ1 / len(X)"
    assert told["unexplained"] == []


def test_what_nothing_explains_is_said_with_the_first_difference(run):
    found = arrays(inner=True)
    found["dZ1"] = found["dZ1"] + 0.0
    found["dZ1"][2, 3] += 1
    done = run("model.nn", save(found))
    assert done.exit_code == 1
    assert "No known mistake explains dZ1, which is wrong." in done.stdout
    place = f"dZ1[2, 3]: yours is {found['dZ1'][2, 3]:.8g}, right is {found['dZ1'][2, 3] - 1:.8g}"
    assert place in " ".join(done.stdout.split())


def test_the_spec_may_be_on_the_command_line_and_names_mapped(run):
    found = arrays(wrong={"sign 1"})
    found = {"v" if n == "W1" else "gv" if n == "dW1" else n: a for n, a in found.items()}
    done = run("-c", NET.text, save(found), "--map", "v=dense1.W,gv=d_dense1.W")
    assert done.exit_code == 1
    assert "sign: a gradient has the wrong sign" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("model.nn", "`nnc doctor` needs SPEC and FILE"),
        ("model.nn none.npz", "none.npz: No such file"),
        ("none.nn mine.npz", "cannot read 'none.nn'"),
        ("model.nn model.nn", "not a readable .npz file"),
        ("model.nn mine.npz --map W1", "--map takes NAME=TENSOR"),
        ("model.nn mine.npz --map W1=dens1.W", "did you mean 'dense1.W'?"),
        ("model.nn mine.npz --layout diagonal", "not of 'diagonal'"),
        ("bad.nn mine.npz", "error[NN"),
        ("lossless.nn mine.npz", "the spec has no loss"),
        ("library.nn mine.npz", "a library of lets and blocks"),
        ("model.nn mine.npz --max-memory 100B", "larger than the memory that is allowed"),
    ],
)
def test_bad_input_is_refused(run, tmp_path, words, said):
    save(arrays())
    (tmp_path / "bad.nn").write_text("input 12 -> dens 7; loss mse\n")
    (tmp_path / "lossless.nn").write_text("input 12 -> dense 7\n")
    (tmp_path / "library.nn").write_text("let width = 3\n")
    done = run(*words.split())
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.output


def test_files_that_promise_too_much_or_would_be_unpickled_are_refused(run):
    np.savez("mine.npz", X=np.array([{}], dtype=object))
    done = run("model.nn", "mine.npz")
    assert (done.exit_code, "would have to be unpickled" in done.stderr) == (2, True)
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999, 9999), }"
    with zipfile.ZipFile("mine.npz", "w") as archive:
        size = len(header).to_bytes(2, "little")
        archive.writestr("X.npy", b"\x93NUMPY\x01\x00" + size + header)
    done = run("model.nn", "mine.npz", "--max-memory", "64G")
    assert done.exit_code == 2
    assert "larger than the memory" in done.stderr


def test_the_answer_is_a_section_of_the_report(run):
    done = run("model.nn", save(arrays(wrong={"missing-mean 1"})), "--report", "mine.html")
    assert done.exit_code == 1
    page = Page(Path("mine.html").read_text("utf-8"))
    for part in (
        "1 of 4 arrays is wrong.",
        "missing-mean",
        "the division by the number of rows is missing",
        "dW1 = X.T @ dZ1 / len(X)",
        'grads["dense1.W"] = x.T @ d_dense1_z',
        "nnc explain missing-mean",
    ):
        assert part in page.text
    assert ("section", "judged") in [(tag, found.get("id")) for tag, found in page.elements]
    right = run("model.nn", save(arrays()), "--report", "mine.html")
    assert right.exit_code == 0
    assert "All 4 arrays are right." in Page(Path("mine.html").read_text("utf-8")).text
    refused = run("model.nn", "mine.npz", "--report", "none/mine.html")
    assert (refused.exit_code, "there is no folder none" in refused.stderr) == (2, True)


def test_a_search_that_was_cut_short_says_so(run, monkeypatch):
    found = arrays()
    rng = np.random.default_rng(0)
    found["dW1"] = rng.normal(size=found["dW1"].shape)
    name = save(found)
    assert "ended after a fixed amount of work" not in run("model.nn", name).stdout
    monkeypatch.setattr("nnc.doctor.search.BUDGET", 1e6)
    told = " ".join(run("model.nn", name).stdout.split())
    assert "The search was ended after a fixed amount of work" in told
    assert json.loads(run("model.nn", name, "--format", "json").stdout)["complete"] is False
