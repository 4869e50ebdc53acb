"""`nnc eval` and `nnc predict`: a trained network on new data."""

from __future__ import annotations

import csv
import io
import json

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.driver import compile_source
from nnc.runtime.module import import_module
from nnc.source import Source

SPEC = "input 2 -> dense 3 softmax\nloss crossentropy\nmetric accuracy\n"
ROWS = [(2.0, 0.0, 0), (0.0, 2.0, 1), (-2.0, -2.0, 2), (2.0, 0.1, 1)]


@pytest.fixture
def work(tmp_path, monkeypatch):
    """A folder with a spec, hand-made weights, and tables; the class is that of the largest score."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.nn").write_text(SPEC)
    module = made(tmp_path, SPEC)
    weights = np.array([[1.0, 0.0, -1.0], [0.0, 1.0, -1.0]], np.float32)
    params = {"dense1.W": weights, "dense1.b": np.zeros(3, np.float32)}
    module.save_params("w.npz", params)
    text = ["name,a,b,kind", *(f'"row, {i}",{a},{b},{k}' for i, (a, b, k) in enumerate(ROWS))]
    (tmp_path / "d.csv").write_text("\n".join(text) + "\n")
    (tmp_path / "new.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b, _ in ROWS))
    return tmp_path


def made(folder, spec):
    path = folder / "module_of_the_test.py"
    path.write_text(compile_source(Source("m.nn", spec)).code)
    return import_module(path)


def nnc(*words, stdin=None):
    return CliRunner().invoke(app, [str(word) for word in words], input=stdin)


def table(text):
    return list(csv.DictReader(io.StringIO(text)))


def softmax(scores):
    powers = np.exp(scores)
    return powers / powers.sum()


EVAL = ("eval", "m.nn", "--params", "w.npz", "--data", "d.csv", "--features", "a,b")
PREDICT = ("predict", "m.nn", "--params", "w.npz")


def test_eval_in_json(work):
    found = json.loads(nnc(*EVAL, "--target", "kind", "--format", "json").stdout)
    shares = [softmax([a, b, -a - b]) for a, b, _ in ROWS]
    loss = -np.mean([np.log(p[k]) for p, (_, _, k) in zip(shares, ROWS, strict=True)])
    assert found["rows"] == 4
    assert found["loss"] == pytest.approx(loss, rel=1e-6)
    assert found["metrics"] == {"accuracy": 0.75}
    output = found["outputs"]["y"]
    assert output["confusion"] == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
    first = output["classes"][0]
    assert (first["precision"], first["recall"], first["rows"]) == (0.5, 1.0, 1)
    assert output["calibration"]["confidence"] == pytest.approx(np.mean([p.max() for p in shares]))


def test_eval_as_text(work):
    lines = nnc(*EVAL).stdout.splitlines()
    assert lines[0] == "d.csv: 4 rows"
    assert "  accuracy  75.00 %" in lines
    assert lines[6].split() == ["1", "100.00", "%", "50.00", "%", "66.67", "%", "2"]
    assert "confusion: true classes down, predicted ones across" in lines


def test_regressions_have_no_classes(work):
    (work / "r.nn").write_text("input 2 -> dense 1\nloss mse\nmetric rmse\n")
    module = made(work, "input 2 -> dense 1\nloss mse\nmetric rmse\n")
    ones = {"dense1.W": np.ones((2, 1), np.float32), "dense1.b": np.zeros(1, np.float32)}
    module.save_params("r.npz", ones)
    (work / "r.csv").write_text("1,1,3\n1,2,3\n")
    words = ("eval", "r.nn", "--params", "r.npz", "--data", "r.csv")
    found = json.loads(nnc(*words, "--format", "json").stdout)
    assert found["loss"] == 0.5
    assert found["outputs"] == {}
    assert "class" not in nnc(*words).stdout


def test_predict_a_table_in_order(work):
    rows = table(nnc(*PREDICT, "new.csv").stdout)
    assert [row["y"] for row in rows] == ["0", "1", "2", "0"]
    first = [float(rows[0][f"p_{i}"]) for i in range(3)]
    np.testing.assert_allclose(first, softmax([2.0, 0.0, -2.0]), rtol=1e-6)


def test_ids_are_carried_through_as_they_are_written(work):
    done = nnc(*PREDICT, "d.csv", "--features", "a,b", "--id", "name", "-o", "out.csv")
    assert done.exit_code == 0, done.stderr
    assert [row["name"] for row in table((work / "out.csv").read_text())] == [
        f"row, {i}" for i in range(4)
    ]


def test_standard_input(work):
    done = nnc(*PREDICT, "-", stdin=(work / "new.csv").read_text())
    assert done.stdout == nnc(*PREDICT, "new.csv").stdout


def test_other_files(work):
    pytest.importorskip("polars")
    for name in ("out.parquet", "out.npz", "out.tsv"):
        assert nnc(*PREDICT, "new.csv", "-o", name).exit_code == 0
    import polars

    assert polars.read_parquet("out.parquet")["y"].to_list() == ["0", "1", "2", "0"]
    assert np.load("out.npz")["class"].tolist() == [0, 1, 2, 0]
    assert (work / "out.tsv").read_text().startswith("y\tp_0\t")


def test_an_archive_without_targets(work):
    np.savez("x.npz", x=np.array([[2.0, 0.0], [0.0, 2.0]], np.float32))
    assert [row["y"] for row in table(nnc(*PREDICT, "x.npz").stdout)] == ["0", "1"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("eval", "m.nn", "--data", "d.csv"), 2, "name its weights with --params"),
        (("eval", "m.nn", "--params", "no.npz", "--data", "d.csv"), 1, "no.npz: No such file"),
        ((*EVAL[:-1], "a,c"), 1, "no column `c`"),
        ((*PREDICT, "no.csv"), 1, "no.csv: there is no such file"),
        ((*PREDICT, "new.csv", "--id", "nam"), 1, "no column `nam`"),
        ((*PREDICT, "new.csv", "-o", "out.xlsx"), 2, "must end in one of"),
        ((*PREDICT, "new.csv", "-o", "new.csv"), 2, "is the data that is being read"),
        ((*PREDICT, "new.csv", "-o", "no/out.csv"), 2, "there is no folder"),
    ],
)
def test_wrong_use_is_told_in_one_line(work, words, code, message):
    done = nnc(*words)
    assert done.exit_code == code
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_words_without_the_run_that_numbered_them_are_refused(work):
    pytest.importorskip("polars")
    (work / "w.csv").write_text("a,b,kind\n1,2,cat\n2,1,dog\n")
    done = nnc("eval", "m.nn", "--params", "w.npz", "--data", "w.csv")
    assert done.exit_code == 1
    assert "`kind` holds words" in done.stderr
