"""`nnc export`: an ONNX file, or an error of one line."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from nnc.cli import export as command
from nnc.cli.commands import app
from nnc.runtime.weights import read_weights, write_weights

from .test_cli_eval import made

SPEC = "input 2 -> dense 3 softmax; loss crossentropy\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.nn").write_text(SPEC)
    module = made(tmp_path, SPEC)
    module.save_params("w.npz", module.init_params(seed=1))
    return tmp_path


def nnc(*words):
    return CliRunner().invoke(app, list(words))


def test_a_spec_with_weights(folder):
    found = nnc("export", "m.nn", "--params", "w.npz", "--to", "onnx", "-o", "m.onnx")
    assert (found.exit_code, found.output) == (0, "")
    model = onnx.load("m.onnx")
    weights = {i.name: onnx.numpy_helper.to_array(i) for i in model.graph.initializer}
    np.testing.assert_array_equal(weights["dense1.W"], np.load("w.npz")["dense1.W"])
    assert model.opset_import[0].version == 21
    assert model.ir_version == 10


def test_another_opset(folder):
    assert (
        nnc("export", "m.nn", "--params", "w.npz", "--opset", "18", "-o", "m.onnx").exit_code == 0
    )
    assert onnx.load("m.onnx").opset_import[0].version == 18


def test_a_spec_without_a_loss(folder):
    """There is nothing to train, but there is something to run."""
    (folder / "plain.nn").write_text("input 2 -> dense 3 softmax\n")
    assert nnc("export", "plain.nn", "--params", "w.npz", "-o", "p.onnx").exit_code == 0
    assert [o.name for o in onnx.load("p.onnx").graph.output] == ["y"]


def test_without_the_package(folder, monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    found = nnc("export", "m.nn", "--params", "w.npz", "-o", "m.onnx")
    assert found.exit_code == 1
    assert found.output == "error: --to onnx needs the package onnx: pip install 'nnc[onnx]'\n"
    assert not (folder / "m.onnx").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["m.nn", "-o", "m.onnx"], "name its weights with --params"),
        (["m.nn", "--params", "w.npz"], "needs --output FILE"),
        (["m.nn", "--params", "none.npz", "-o", "m.onnx"], "none.npz: No such file"),
        (["m.nn", "--params", "m.nn", "-o", "m.onnx"], "neither an .npz nor a .safetensors"),
        (["m.nn", "--params", "w.npz", "-o", "m.nn"], "is a spec that is being read"),
        (["m.nn", "--params", "w.npz", "--to", "onx", "-o", "m.onnx"], "onnx"),
        (["m.nn", "--params", "w.npz", "--opset", "7", "-o", "m.onnx"], "at least 18"),
        (["other.nn", "--params", "w.npz", "-o", "m.onnx"], "other network"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, monkeypatch, words, said):
    monkeypatch.setattr(command, "find_spec", lambda name: True)
    (folder / "other.nn").write_text(SPEC.replace("dense 3", "dense 3 relu -> dense 3"))
    found = nnc("export", *words)
    assert found.exit_code in (1, 2)
    assert said in found.output.replace("another", "other")
    assert found.output.count("\n") == 1
    assert not (folder / "m.onnx").exists()
    assert (folder / "m.nn").read_text() == SPEC


@pytest.mark.parametrize("name", ["w.npz", "w.safetensors", "w", "w.bin"])
@pytest.mark.parametrize("kind", ["npz", "safetensors"])
def test_the_content_says_what_a_weights_file_is(folder, name, kind):
    """Wherever weights are read: by the commands, and by the runtime."""
    module = made(folder, SPEC)
    params = module.init_params(seed=3)
    write_weights(f"kept.{kind}", params)
    (folder / name).unlink(missing_ok=True)
    (folder / f"kept.{kind}").rename(folder / name)
    found, _ = read_weights(name, module)
    np.testing.assert_array_equal(found["dense1.W"], params["dense1.W"])
    assert nnc("export", "m.nn", "--params", name, "-o", "m.onnx").exit_code == 0
    assert nnc("compile", "m.nn", "--params", name, "-o", "m.py").exit_code == 0
