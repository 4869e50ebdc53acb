"""`nnc layers FILE.nn`: the formulas and blocks that a file defines."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from nnc.cli.commands import app

SPEC = """\
let gain = 2
include "lib.nn"
block wide(n, act=relu) = dense n act -> dense (2*n)
fn pinball(y, t, q=0.5) = max(q * (t - y), (q - 1) * (t - y))
fn length(z) = sqrt(sum(z * z) + 1e-6)
input 8 -> wide(8) -> dense 4 swoosh -> swoosh(q=3) -> [dense 2 as a, dense 2 as b]
[a, b] -> gate -> dense 1 as y
output y
loss pinball q=0.9 on y
loss length on a
"""
LIBRARY = "fn swoosh(z, q=1.5) = z * sigmoid(q * z)\nfn gate(a, b) = a * sigmoid(b)\n"


@pytest.fixture
def nnc():
    return lambda *words: CliRunner().invoke(app, list(words))


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.nn").write_text(SPEC)
    (tmp_path / "lib.nn").write_text(LIBRARY)
    return tmp_path


def test_as_text(nnc, file):
    text = nnc("layers", "net.nn").stdout
    for line in (
        "### swoosh",
        "A formula of one value: activation or stage or loss without target (lib.nn:1).",
        "    swoosh = z * sigmoid(q * z)",
        "    dz = dswoosh * sigmoid(q * z) * (1 + z * q * (1 - sigmoid(q * z)))",
        "| `q` | `1.5` |",
        "* activation in net.nn:6: `dense 4 swoosh`",
        "* stage in net.nn:6: `swoosh(q=3)`",
        "* merge in net.nn:7: `gate`",
        "* loss in net.nn:9: `loss pinball q=0.9 on y`",
        "* loss in net.nn:10: `loss length on a`",
        "    dy = where(q * (t - y) > (q - 1) * (t - y), -q, 1 - q)",
        "A block of stages (net.nn:3).",
        "    dense n act -> dense (2*n)",
        "| `n` | required |",
        "| `act` | `relu` |",
    ):
        assert line in text.splitlines(), line
    assert "dt = " not in text


def test_as_json(nnc, file):
    kinds = {k["name"]: k for k in json.loads(nnc("layers", "net.nn", "--format", "json").stdout)}
    assert list(kinds) == ["swoosh", "gate", "pinball", "length", "wide"]
    assert kinds["pinball"]["roles"] == ["loss with target"]
    assert kinds["gate"]["values"] == ["a", "b"]
    assert kinds["gate"]["gradients"] == [
        "da = dgate * sigmoid(b)",
        "db = dgate * a * sigmoid(b) * (1 - sigmoid(b))",
    ]
    assert kinds["swoosh"]["arguments"] == [{"name": "q", "default": "1.5"}]
    assert [use["role"] for use in kinds["swoosh"]["uses"]] == ["activation", "stage"]
    assert (kinds["wide"]["sort"], kinds["wide"]["line"]) == ("block", 3)


def test_a_library(nnc, file):
    assert "### gate" in nnc("layers", "lib.nn").stdout


def test_a_file_without_kinds_of_its_own(nnc, file):
    (file / "plain.nn").write_text("input 4 -> dense 2\nloss mse\n")
    assert "no `fn` and no `block`" in nnc("layers", "plain.nn").stdout
    assert json.loads(nnc("layers", "plain.nn", "--format", "json").stdout) == []


def test_what_is_right_is_shown_beside_errors(nnc, file):
    (file / "bad.nn").write_text("fn good(z) = z * z\nfn bad(z) = x\ninput 4 -> dense 2 good\n")
    done = nnc("layers", "bad.nn")
    assert done.exit_code == 1
    assert "### good" in done.stdout
    assert "### bad" not in done.stdout
    assert "NN102" in done.output


def test_a_file_that_is_not_there(nnc, file):
    done = nnc("layers", "nowhere.nn")
    assert done.exit_code == 1
    assert "NN510" in done.output


def test_json_is_for_files(nnc):
    assert nnc("layers", "dense", "--format", "json").exit_code == 2
