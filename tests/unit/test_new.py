"""`nnc new`: specs that train unchanged, from a table or from the gallery."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.diagnostics.model import Report
from nnc.driver import check
from nnc.format.formatter import format_source
from nnc.gallery import names, template
from nnc.report.starting import rounded
from nnc.runtime.dataset import Dataset
from nnc.source import Source

from ..generated import build, keywords_for, random_batch


@pytest.fixture
def nnc(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    return lambda *words: runner.invoke(app, list(map(str, words)), catch_exceptions=False)


def write(path, header, rows):
    lines = [",".join(header), *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def is_clean(text, allowed=()):
    """Whether a spec has no findings, and is as `nnc fmt` would write it."""
    found = [d.code.id for d in check(Source("m.nn", text)).report]
    return set(found) <= set(allowed) and format_source(Source("m.nn", text), Report()) == text


def trained(nnc, said, *words):
    """Runs the command that `nnc new` proposes, and gives the last line."""
    line = said.splitlines()[-1].split()
    assert line[:2] == ["nnc", "train"]
    done = nnc(*line[1:], "-q", *words)
    assert done.exit_code == 0, done.output
    return done


# --- from a table ---------------------------------------------------------------------------


@pytest.fixture
def iris(tmp_path):
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is missing")
    pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")
    data = datasets.load_iris()
    header = [name.removesuffix(" (cm)").replace(" ", "_") for name in data.feature_names]
    rows = [
        [*row, data.target_names[kind]] for row, kind in zip(data.data, data.target, strict=True)
    ]
    write(tmp_path / "iris.csv", [*header, "species"], rows)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_iris_in_two_commands(nnc, tmp_path, iris, seed):
    words = ["--from", "iris.csv", "--target", "species", "--test-fraction", 0.2, "--seed", seed]
    done = nnc("new", "iris.nn", *words)
    assert (done.exit_code, done.stderr) == (0, "")
    text = (tmp_path / "iris.nn").read_text()
    assert is_clean(text), text
    assert "setosa, versicolor, virginica" in text
    done = trained(nnc, done.stdout)
    assert done.stderr == ""
    accuracy = float(re.findall(r"accuracy ([\d.]+) %", done.stdout)[-1])
    assert accuracy >= 93


def test_normalisation_is_that_of_the_training_rows(nnc, tmp_path, iris):
    nnc("new", "all.nn", "--from", "iris.csv")
    nnc("new", "part.nn", "--from", "iris.csv", "--test-fraction", 0.5)
    means = {}
    for name in ("all", "part"):
        found = re.search(r"mean=\[(.*?)\]", (tmp_path / f"{name}.nn").read_text())
        means[name] = [float(n) for n in found[1].split(",")]
    assert means["all"] == [5.843, 3.057, 3.76, 1.199]
    table = np.loadtxt(tmp_path / "iris.csv", delimiter=",", skiprows=1, usecols=range(4))
    data = Dataset(table, np.repeat([0, 1, 2], 50)).split(0.5, seed=0, stratify=True)[0]
    assert np.allclose(means["part"], data.x.mean(axis=0), atol=0.005)
    assert means["part"] != means["all"]


MIXED = ["id", "age", "colour", "name", "income", "bought"]


def mixed(tmp_path, rows=60, gap=False):
    pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")
    rng = np.random.default_rng(0)
    table = []
    for i in range(rows):
        age, colour = round(rng.uniform(20, 70), 1), ["red", "green", "blue"][i % 3]
        bought = "yes" if (age > 45) != (colour == "red") else "no"
        table.append([i + 1, age, colour, f"n{i}", round(rng.normal(3e4, 9e3)), bought])
    if gap:
        table[3][1] = ""
    write(tmp_path / "d.csv", MIXED, table)


def test_words_are_one_hot_and_left_alone_by_the_normalisation(nnc, tmp_path):
    mixed(tmp_path)
    done = nnc("new", "m.nn", "--from", "d.csv")
    text = (tmp_path / "m.nn").read_text()
    assert is_clean(text), text
    means, stds = (re.search(rf"{k}=\[(.*?)\]", text)[1].split(", ") for k in ("mean", "std"))
    assert (means[1:4], stds[1:4]) == (["0"] * 3, ["1"] * 3)
    assert abs(float(means[0]) - 45) < 5
    assert "-> dense 1 sigmoid  # the probability of `yes`, not `no`" in text
    assert "loss bce" in text
    assert "left out: 'id' (it numbers the rows)" in done.stderr
    assert "left out: 'name' (60 different words)" in done.stderr
    assert "--features age,colour,income" in done.stdout
    assert "accuracy" in trained(nnc, done.stdout, "--epochs", 2).stdout


@pytest.mark.parametrize(("column", "way"), [(1, "mean"), (5, "drop")])
def test_gaps_are_in_the_command_that_is_proposed(nnc, tmp_path, column, way):
    mixed(tmp_path)
    lines = [line.split(",") for line in (tmp_path / "d.csv").read_text().splitlines()]
    lines[4][column] = ""
    (tmp_path / "d.csv").write_text("\n".join(map(",".join, lines)) + "\n")
    done = nnc("new", "m.nn", "--from", "d.csv", "--features", "age,colour")
    assert f"--missing {way}" in done.stdout
    trained(nnc, done.stdout, "--epochs", 1)


def test_a_number_is_brought_back_to_its_own_scale(nnc, tmp_path):
    rng = np.random.default_rng(0)
    x = rng.uniform(0, 1000, (300, 2))
    y = 5e4 + 30 * x[:, 0] - 20 * x[:, 1] + rng.normal(0, 100, 300)
    write(tmp_path / "d.csv", ["a", "b", "price"], np.column_stack([x, y]).tolist())
    done = nnc("new", "m.nn", "--from", "d.csv", "--target", "price")
    text = (tmp_path / "m.nn").read_text()
    assert is_clean(text), text
    assert re.search(r"-> dense 1 .*\n +-> scale 1\d{4}\n +-> shift \(5\d{4}\)", text), text
    done = trained(nnc, done.stdout)
    assert float(re.findall(r"r2 ([\d.]+)", done.stdout)[-1]) > 0.95


@pytest.mark.parametrize(
    ("targets", "ends"),
    [
        ("a,b", ["dense 2", "scale [", "loss mse"]),
        ("p,q", ["dense 2 sigmoid", "loss bce"]),
        ("k", ["dense 4 softmax", "probability for each class: 0, 1, 2, 3", "crossentropy"]),
    ],
)
def test_other_targets(nnc, tmp_path, targets, ends):
    rng = np.random.default_rng(0)
    rows = [[*rng.normal(5, 2, 3), i % 2, i % 3 % 2, i % 4] for i in range(40)]
    write(tmp_path / "d.csv", ["x", "a", "b", "p", "q", "k"], rows)
    done = nnc("new", "m.nn", "--from", "d.csv", "--target", targets, "--features", "x")
    text = (tmp_path / "m.nn").read_text()
    assert is_clean(text), text
    assert all(end in text for end in ends), text
    trained(nnc, done.stdout, "--epochs", 1)


def test_many_columns_share_one_mean(nnc, tmp_path):
    rng = np.random.default_rng(0)
    rows = [[*rng.integers(0, 256, 100), i % 2] for i in range(30)]
    write(tmp_path / "d.csv", [*(f"p{i}" for i in range(100)), "y"], rows)
    done = nnc("new", "m.nn", "--from", "d.csv")
    text = (tmp_path / "m.nn").read_text()
    assert is_clean(text), text
    assert re.search(
        r"normalize mean=1[23]\d(\.\d+)? std=7\d(\.\d+)?  # of all columns", text
    ), text
    trained(nnc, done.stdout, "--epochs", 1)


def test_names_in_a_file_cannot_become_more_than_a_comment(nnc, tmp_path):
    pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")
    name = '"a\nloss mse # nnc: ignore[NN101]"'
    write(tmp_path / "d.csv", [name, "b", "y"], [[1.5, 2, "k\u202e"], [2, 1.5, "l"], [3, 1, "l"]])
    assert nnc("new", "m.nn", "--from", "d.csv").exit_code == 0
    text = (tmp_path / "m.nn").read_text(encoding="utf-8")
    assert is_clean(text), text
    assert "\u202e" not in text
    assert "nnc:" not in text
    assert text.count("\nloss") == 1


@pytest.mark.parametrize(
    ("rows", "words", "said"),
    [
        ([[1, 2]], ["--target", "z"], "d.csv: no column `z`"),
        ([[1, "x"], [2, "x"]], [], "column 2 (`y`): one class only"),
        ([[1, 2]], ["--features", "a,b"], "d.csv: no column `b`"),
        ([[1, 2]], ["--features", "y"], "is named as feature and as target"),
        ([["", 2], ["", 3]], [], "column 1 (`a`): every cell is empty"),
        ([["x", 2], [1, 3], [2, 3]], [], "line 2, column 1 (`a`): `x` is not a number"),
        ([], [], "there are no rows"),
    ],
)
def test_tables_without_a_spec_are_told_in_one_line(nnc, tmp_path, rows, words, said):
    pytest.importorskip("polars", reason="polars is missing: pip install 'nnc[tables]'")
    write(tmp_path / "d.csv", ["a", "y"], rows)
    done = nnc("new", "m.nn", "--from", "d.csv", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert not (tmp_path / "m.nn").exists()


def test_targets_of_several_kinds_have_no_spec(nnc, tmp_path):
    write(tmp_path / "d.csv", ["a", "y", "z"], [[1, 0, 0.5], [2, 1, 1.5], [5, 2, 2.5]])
    done = nnc("new", "m.nn", "--from", "d.csv", "--target", "y,z")
    assert done.exit_code == 1
    assert "several targets must all be numbers" in done.stderr


def test_nothing_is_written_over(nnc, tmp_path):
    (tmp_path / "m.nn").write_text("mine")
    done = nnc("new", "m.nn", "--template", "cnn")
    assert done.exit_code == 2
    assert "m.nn exists" in done.stderr
    assert (tmp_path / "m.nn").read_text() == "mine"


def test_a_dash_writes_to_standard_output(nnc):
    assert nnc("new", "-", "--template", "cnn").stdout == template("cnn")


@pytest.mark.parametrize(
    ("value", "std", "shown"),
    [
        (5.84333, 0.82, "5.843"),
        (1987.4, 12.3, "1987.4"),
        (1.6e9 + 3.25, 2.0, "1600000003.25"),
        (31234.5, 9012.3, "31230"),
        (1.0, 1.0, "1"),
        (1e-9, 2e-9, "0.000000001"),
        (3e30, 1e29, "3000000000000000"),
    ],
)
def test_numbers_are_rounded_to_a_hundredth_of_a_deviation(value, std, shown):
    text = rounded(value, std)
    assert abs(float(text) - value) <= std / 100
    if len(shown) < 15:
        assert text == shown


# --- the gallery ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", names())
def test_templates_lint_clean_are_formatted_and_train(nnc, tmp_path, name):
    done = nnc("new", "m.nn", "--template", name)
    assert (done.exit_code, done.output) == (0, "")
    text = (tmp_path / "m.nn").read_text(encoding="utf-8")
    assert is_clean(text), text
    assert all(line.startswith("# ") for line in text.splitlines()[:2])
    module = build(text)
    params = module.init_params(seed=1)
    before = {key: array.copy() for key, array in params.items()}
    x, target = random_batch(module, rows=4, size=8)
    if isinstance(x, dict):
        x["words"] = np.random.default_rng(0).integers(0, 5, x["words"].shape)
    more = keywords_for(module, x)
    more.pop("train", None)
    if "rng" in inspect.signature(module.train_step).parameters:
        more["rng"] = np.random.default_rng(0)
    loss = module.train_step(params, x, target, module.init_optimizer(params), **more)
    assert np.isfinite(loss)
    assert any((params[key] != before[key]).any() for key in params)


def test_the_help_names_every_template(nnc):
    said = " ".join(nnc("new", "--help").output.split())
    assert all(name in said for name in names())
    assert "--template takes" in nnc("new", "a.nn", "--template", "ccn").stderr
