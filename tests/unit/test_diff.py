"""`nnc diff`: what a change of a spec does, as text, Markdown and JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app

OLD = """\
let width = 64
input 64 -> dense width relu -> dropout 0.2 -> dense 10 softmax
loss crossentropy
optimizer sgd lr=0.1 momentum=0.9
train batch=32 epochs=30
"""


def difference(tmp_path: Path, old: str, new: str, *words: str) -> tuple[int, str]:
    (tmp_path / "old.nn").write_text(old)
    (tmp_path / "new.nn").write_text(new)
    names = [str(tmp_path / "old.nn"), str(tmp_path / "new.nn")]
    result = CliRunner().invoke(app, ["diff", *names, *words])
    assert result.stderr == ""
    return result.exit_code, result.stdout


def changes(tmp_path: Path, old: str, new: str) -> dict:
    return json.loads(difference(tmp_path, old, new, "--format", "json")[1])


def test_layout_comments_and_names_of_lets_make_no_difference(tmp_path):
    new = OLD.replace("width", "n").replace(" -> ", "\n  -> ") + "# a note\n"
    code, out = difference(tmp_path, OLD, new, "--exit-code")
    assert (code, out) == (0, "no difference: the same network and the same settings\n")


def test_a_default_that_is_written_makes_no_difference(tmp_path):
    new = OLD.replace("momentum=0.9", "momentum=0.9 nesterov=false")
    assert not changes(tmp_path, OLD, new)["differs"]


def test_a_changed_width_is_told_with_what_it_does_behind_it(tmp_path):
    found = changes(tmp_path, OLD, OLD.replace("64\ninput", "32\ninput"))
    kinds = [(row["change"], row["new"]["name"]) for row in found["stages"]]
    assert kinds == [("changed", "dense1"), ("affected", "dropout1"), ("affected", "dense2")]
    assert found["totals"]["parameters"]["old"] == 64 * 64 + 64 + 64 * 10 + 10
    assert found["totals"]["parameters"]["new"] == 64 * 32 + 32 + 32 * 10 + 10
    assert found["weights"] == {"kept": 1, "old": 4, "new": 4, "loads": False}


def test_an_inserted_stage_does_not_make_the_later_ones_differ(tmp_path):
    """`dense2` is now `dense3`, but it is the same stage."""
    found = changes(tmp_path, OLD, OLD.replace("-> dropout", "-> dense 64 relu -> dropout"))
    assert [(row["change"], row["new"]["name"]) for row in found["stages"]] in (
        [("added", "dense1")],
        [("added", "dense2")],
    )


def test_removed_stages_and_given_names(tmp_path):
    found = changes(tmp_path, OLD, OLD.replace("-> dropout 0.2 ", ""))
    assert [(row["change"], row["old"]["name"]) for row in found["stages"]] == [
        ("removed", "dropout1")
    ]
    assert found["weights"]["loads"]
    named = changes(tmp_path, OLD, OLD.replace("dropout 0.2", "dropout 0.2 as thin"))
    assert [row["change"] for row in named["stages"]] == ["changed"]


@pytest.mark.parametrize(
    ("old", "new", "removed", "added"),
    [
        ("lr=0.1", "lr=0.2", "optimizer sgd lr=0.1 momentum=0.9", "lr=0.2"),
        ("batch=32", "batch=16", "train batch=32 epochs=30", "train batch=16 epochs=30"),
        ("loss crossentropy", "loss crossentropy weight=2", "on dense2", "weight=2"),
        ("optimizer sgd lr=0.1 momentum=0.9", "optimizer adam", "sgd", "optimizer adam"),
        ("train batch", "dtype float64\ntrain batch", "", "dtype float64"),
        ("train batch", "metric top_k(3)\ntrain batch", "", "metric top_k k=3"),
        ("train batch", "clip norm=1\ntrain batch", "", "clip norm=1"),
        ("train batch", "regularize l2=1e-4\ntrain batch", "", "l2=0.0001"),
        ("train batch", "schedule step every=3 gamma=0.5\ntrain batch", "", "schedule step"),
    ],
)
def test_settings(tmp_path, old, new, removed, added):
    found = changes(tmp_path, OLD, OLD.replace(old, new))["statements"]
    assert removed in " ".join(found["removed"])
    assert added in " ".join(found["added"])
    assert found["added"]


def test_text(tmp_path):
    new = OLD.replace("relu -> dropout 0.2", "relu -> layernorm -> dropout 0.2").replace(
        "lr=0.1", "lr=0.05"
    )
    code, out = difference(tmp_path, OLD, new, "--exit-code")
    assert code == 1
    assert out.splitlines()[:5] == [
        "+ layernorm1: layernorm    -> 64, 128 parameters",
        "- optimizer sgd lr=0.1 momentum=0.9",
        "+ optimizer sgd lr=0.05 momentum=0.9",
        "",
        "parameters         4,810 → 4,938  (+128, +2.7 %)",
    ]
    assert "weights trained before do not load: 4 of 4 arrays keep name and shape" in out


def test_markdown_tables_have_as_many_cells_in_every_row(tmp_path):
    new = OLD.replace("dense width relu", "[dense 64, dense 64] -> add -> relu")
    _, out = difference(tmp_path, OLD, new, "--format", "markdown")
    tables = [block.splitlines() for block in out.split("\n\n") if block.startswith("|")]
    assert len(tables) == 2
    for table in tables:
        counts = {line.replace("\\|", "").count("|") for line in table}
        assert len(counts) == 1, table
    assert "```diff" not in out


def test_symbolic_sizes(tmp_path):
    old = "input 8xT -> conv 4 3 -> global_avgpool -> dense 2\n"
    found = changes(tmp_path, old, old.replace("conv 4 3", "conv 4 5"))
    assert found["totals"]["FLOPs of a row"]["new"] != found["totals"]["FLOPs of a row"]["old"]
    _, out = difference(tmp_path, old, old.replace("conv 4 3", "conv 4 5"))
    assert "4x(T-2) → 4x(T-4)" in out


def test_one_side_may_be_standard_input(tmp_path):
    (tmp_path / "new.nn").write_text(OLD)
    result = CliRunner().invoke(app, ["diff", "-", str(tmp_path / "new.nn")], input=OLD)
    assert result.exit_code == 0
    assert "no difference" in result.stdout


def test_a_spec_with_errors_is_reported(tmp_path):
    (tmp_path / "old.nn").write_text(OLD.replace("dense", "dens"))
    (tmp_path / "new.nn").write_text(OLD)
    result = CliRunner().invoke(app, ["diff", str(tmp_path / "old.nn"), str(tmp_path / "new.nn")])
    assert result.exit_code == 1
    assert "error[NN101]" in result.stderr
    assert result.stdout == ""
