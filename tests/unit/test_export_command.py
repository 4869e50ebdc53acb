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


class TestExternalData:
    @pytest.fixture
    def large(self, folder):
        (folder / "m.nn").write_text("input 20 -> dense 30 tanh -> dense 40; loss mse\n")
        module = made(folder, (folder / "m.nn").read_text())
        params = module.init_params(seed=1)
        module.save_params("w.npz", params)
        return params

    def export(self, *words):
        return nnc("export", "m.nn", "--params", "w.npz", "-o", "m.onnx", *words)

    def test_large_tensors_are_in_a_file_beside_the_model(self, folder, large):
        found = self.export("--external-data")
        assert (found.exit_code, found.output) == (
            0,
            "the weights are in m.onnx.data, beside the model\n",
        )
        assert {path.name for path in folder.glob("*onnx*")} == {"m.onnx", "m.onnx.data"}
        alone = onnx.load("m.onnx", load_external_data=False)
        apart = {t.name for t in alone.graph.initializer if t.external_data}
        assert apart == {"dense1.W", "dense2.W"}
        places = [
            int({e.key: e.value for e in t.external_data}["offset"])
            for t in alone.graph.initializer
            if t.external_data
        ]
        assert places == [0, 4096]
        whole = onnx.load("m.onnx")
        weights = {t.name: onnx.numpy_helper.to_array(t) for t in whole.graph.initializer}
        for name, array in large.items():
            np.testing.assert_array_equal(weights[name], array)

    def test_it_says_what_one_file_says(self, folder, large):
        self.export()
        one = onnx.load("m.onnx")
        self.export("--external-data")
        two = onnx.load("m.onnx")
        assert [n.SerializeToString() for n in one.graph.node] == [
            n.SerializeToString() for n in two.graph.node
        ]

    def test_import_reads_it(self, folder, large):
        self.export("--external-data")
        found = nnc("import", "m.onnx", "-o", "back.nn", "--params", "back.npz")
        assert found.exit_code == 0, found.output
        for name, array in large.items():
            np.testing.assert_array_equal(np.load("back.npz")[name], array)

    def test_too_much_for_one_file(self, folder, large, monkeypatch):
        monkeypatch.setattr("nnc.onnx_export.model.MOST", 1000)
        found = self.export()
        assert found.exit_code == 1
        assert "an ONNX file holds 2 GiB: --external-data writes them beside it" in found.output
        assert self.export("--external-data").exit_code == 0

    def test_the_weights_that_are_read_are_kept(self, folder, large):
        (folder / "w.npz").rename(folder / "m.onnx.data")
        before = (folder / "m.onnx.data").read_bytes()
        words = ("--params", "m.onnx.data", "--external-data", "-o", "m.onnx")
        found = nnc("export", "m.nn", *words)
        assert found.exit_code == 2
        assert "m.onnx.data is the file of weights that is being read" in found.output
        assert (folder / "m.onnx.data").read_bytes() == before

    def test_nothing_is_left_where_it_fails(self, folder, large, monkeypatch):
        def full(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.replace", full)
        found = self.export("--external-data")
        assert found.output == "error: cannot write m.onnx: No space left on device\n"
        assert not list(folder.glob("*onnx*"))
        assert not list(folder.glob(".m*"))
