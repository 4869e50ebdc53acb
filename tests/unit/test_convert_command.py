"""`nnc convert`: the pairing of layers and modules, and the error where it is ambiguous."""

from __future__ import annotations

import numpy as np
import pytest
from click.testing import CliRunner
from nnc.cli.commands import app
from nnc.runtime.weights import read_weights

from .test_cli_eval import made

SPEC = "input 4 -> dense 3 relu -> dense 3 relu as top -> dense 2; loss mse\n"


@pytest.fixture
def module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.nn").write_text(SPEC)
    return made(tmp_path, SPEC)


def linear(sizes):
    """A state_dict of linear layers by name; each has numbers of its own."""
    arrays = {}
    for i, (name, (wide, high)) in enumerate(sizes.items()):
        arrays[f"{name}.weight"] = np.arange(wide * high, dtype="float32").reshape(high, wide) + i
        arrays[f"{name}.bias"] = np.full(high, i, "float32")
    return arrays


def nnc(*words):
    return CliRunner().invoke(app, list(words))


def test_by_order(module):
    np.savez("net.npz", **linear({"fc1": (4, 3), "fc2": (3, 3), "fc3": (3, 2)}))
    found = nnc("convert", "m.nn", "net.npz", "-o", "w.npz")
    assert found.output == (
        "dense1  <-  fc1  (nn.Linear: W 4x3, b 3)\n"
        "top     <-  fc2  (nn.Linear: W 3x3, b 3)\n"
        "dense2  <-  fc3  (nn.Linear: W 3x2, b 2)\n"
    )
    params, _ = read_weights("w.npz", module)
    np.testing.assert_array_equal(params["dense1.W"], np.arange(12).reshape(3, 4).T)
    np.testing.assert_array_equal(params["dense2.b"], [2, 2])


def test_names_come_before_order(module):
    np.savez("net.npz", **linear({"top": (3, 3), "fc1": (4, 3), "fc3": (3, 2)}))
    found = nnc("convert", "m.nn", "net.npz", "-o", "w.npz")
    assert "top     <-  top " in found.output
    assert "dense1  <-  fc1 " in found.output
    assert read_weights("w.npz", module)[0]["top.b"][0] == 0


def test_pairs_that_are_given(module):
    np.savez("net.npz", **linear({"b": (3, 3), "a": (4, 3), "c": (3, 2)}))
    found = nnc("convert", "m.nn", "net.npz", "--map", "dense1=a", "--map", "top=b", "-o", "w.npz")
    assert found.exit_code == 0
    assert read_weights("w.npz", module)[0]["dense1.b"][0] == 1


@pytest.mark.parametrize(
    ("sizes", "words", "said"),
    [
        ({"a": (4, 3), "b": (3, 3)}, [], "3 layers and 2 modules are left"),
        ({"a": (4, 3), "b": (3, 3), "c": (3, 3), "d": (3, 2)}, [], "use --map LAYER=MODULE"),
        ({"b": (3, 3), "a": (4, 3), "c": (3, 2)}, [], "a would fit: use --map dense1=MODULE"),
        ({"a": (4, 3), "b": (3, 3), "c": (3, 5)}, [], "dense2 (W 3x2, b 2) does not fit c"),
        ({"a": (4, 3), "b": (3, 3), "c": (3, 2)}, ["--map", "dens1=a"], "no layer 'dens1'"),
        ({"a": (4, 3), "b": (3, 3), "c": (3, 2)}, ["--map", "dense1=z"], "no module 'z'"),
        ({"a": (4, 3), "b": (3, 3), "c": (3, 2)}, ["--map", "dense1"], "no pair LAYER=MODULE"),
    ],
)
def test_what_is_open_is_refused_with_the_candidates(module, tmp_path, sizes, words, said):
    np.savez("net.npz", **linear(sizes))
    found = nnc("convert", "m.nn", "net.npz", *words, "-o", "w.npz")
    assert found.exit_code in (1, 2)
    assert said in found.output
    assert found.output.count("\n") == 1
    assert not (tmp_path / "w.npz").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["m.nn", "none.safetensors", "-o", "w.npz"], "none.safetensors: No such file"),
        (["m.nn", "m.nn", "-o", "w.npz"], "neither an .npz nor a .safetensors file"),
        (["m.nn", "net.npz", "-o", "w.pt"], "write .safetensors or .npz"),
        (["m.nn", "net.npz"], "needs --output FILE"),
        (["m.nn", "net.npz", "-o", "m.nn"], "is a spec that is being read"),
        (["m.nn", "net.npz", "--to", "torch", "-o", "w.npz"], "it is of another network"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(module, words, said):
    np.savez("net.npz", **linear({"fc1": (4, 3), "fc2": (3, 3), "fc3": (3, 2)}))
    found = nnc("convert", *words)
    assert found.exit_code in (1, 2)
    assert said in found.output
    assert found.output.count("\n") == 1


def test_a_layer_that_pytorch_lacks(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = "input 4x6 -> local 3 2 -> flatten -> dense 2; loss mse\n"
    (tmp_path / "l.nn").write_text(spec)
    module = made(tmp_path, spec)
    module.save_params("w.npz", module.init_params())
    found = nnc("convert", "l.nn", "w.npz", "--to", "torch", "-o", "s.npz")
    assert found.output == "error: w.npz: local1: PyTorch has no module for `local`\n"
