"""`nnc import`: a spec and its weights, or the nodes that no spec can express."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from pathlib import Path

import numpy as np
import onnx
import pytest
from click.testing import CliRunner
from nnc.cli import import_model as command
from nnc.cli.commands import app
from nnc.driver import compile_source
from nnc.onnx_import.faults import CannotImport, CannotRead
from nnc.onnx_import.importing import import_model
from nnc.runtime.module import import_module
from nnc.source import Source
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def nnc(*words):
    return CliRunner().invoke(app, list(words))


def arrays(**shapes):
    rng = np.random.default_rng(0)
    return {name: rng.standard_normal(shape).astype("float32") for name, shape in shapes.items()}


def model(nodes, weights, given=("batch", 4), outputs=("y",), path="m.onnx"):
    """A file with one input x and these nodes."""
    graph = helper.make_graph(
        [helper.make_node(op, list(i), list(o), name=f"the {op}", **a) for op, i, o, a in nodes],
        "test",
        [helper.make_tensor_value_info("x", FLOAT, list(given))],
        [helper.make_tensor_value_info(name, FLOAT, ["batch", "size"]) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(made, path)
    return made


def dense():
    weights = arrays(w=(4, 3), b=(3,))
    model(
        [
            ("MatMul", ["x", "w"], ["z"], {}),
            ("Add", ["z", "b"], ["a"], {}),
            ("Softmax", ["a"], ["y"], {}),
        ],
        weights,
    )
    return weights


def test_a_spec_and_its_weights():
    weights = dense()
    found = nnc("import", "m.onnx", "-o", "m.nn", "--params", "m.npz")
    assert (found.exit_code, found.output) == (0, "")
    spec = Path("m.nn").read_text()
    assert "input 4 -> dense 3 softmax\n" in spec
    assert "loss crossentropy\n" in spec
    assert nnc("lint", "m.nn").exit_code == 0
    Path("module.py").write_text(compile_source(Source("m.nn", spec)).code)
    module = import_module("module.py")
    x = np.random.default_rng(1).standard_normal((5, 4)).astype("float32")
    powers = np.exp(x @ weights["w"] + weights["b"])
    want = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(module.predict(module.load_params("m.npz"), x), want, rtol=1e-5)


def test_to_standard_output_and_safetensors():
    dense()
    found = nnc("import", "m.onnx", "--params", "m.safetensors")
    assert found.output.startswith("# Imported from m.onnx.\ninput 4 -> dense 3")
    Path("m.nn").write_text(found.output)
    assert nnc("compile", "m.nn", "--params", "m.safetensors", "-o", "m.py").exit_code == 0


def test_every_node_without_a_counterpart_is_named():
    model(
        [
            ("MatMul", ["x", "w"], ["z"], {}),
            ("CumSum", ["z", "axis"], ["a"], {}),
            ("Relu", ["a"], ["lost"], {}),
            ("Det", ["w"], ["d"], {}),
            ("TopK", ["z", "k"], ["values", "places"], {}),
            ("Add", ["lost", "values"], ["y"], {}),
        ],
        {**arrays(w=(4, 3)), "axis": np.array(1), "k": np.array([3])},
    )
    found = nnc("import", "m.onnx", "-o", "m.nn", "--params", "m.npz")
    assert found.exit_code == 1
    lines = found.output.splitlines()
    assert lines[0].startswith("m.onnx: node 'the CumSum' (CumSum): nnc has no layer")
    assert lines[1].startswith("m.onnx: node 'the TopK' (TopK): ")
    assert lines[2] == "error: 2 nodes have no counterpart in a spec; nothing is written"
    assert len(lines) == 3  # what stands behind a faulty node is not judged
    assert not Path("m.nn").exists()
    assert not Path("m.npz").exists()


def test_names_in_a_file_do_not_reach_the_terminal_as_they_are():
    model([("CumSum", ["x", "axis"], ["y"], {})], {"axis": np.array(1)})
    made = onnx.load("m.onnx")
    made.graph.node[0].name = "\x1b[2Jnode"
    onnx.save(made, "m.onnx")
    assert "\x1b" not in nnc("import", "m.onnx").output


def test_the_name_of_a_file_stays_in_its_comment(folder):
    dense()
    (folder / "m.onnx").rename(folder / "m\ninput 9.onnx")
    found = import_model(folder / "m\ninput 9.onnx")
    assert found.spec.startswith("# Imported from m?input 9.onnx.\ninput 4 ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["none.onnx"], "none.onnx: No such file"),
        (["text.onnx"], "text.onnx: no ONNX model, or damaged"),
        (["m.onnx", "-o", "m.onnx"], "three files"),
        (["m.onnx", "-o", "a.nn", "--params", "a.nn"], "three files"),
        (["m.onnx", "-o", "nowhere/a.nn"], "no folder nowhere"),
        (["m.onnx", "--params", "nowhere/a.npz"], "no folder nowhere"),
        ([], "needs MODEL"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(folder, words, said):
    dense()
    (folder / "text.onnx").write_text("input 4 -> dense 3")
    before = (folder / "m.onnx").read_bytes()
    found = nnc("import", *words)
    assert found.exit_code in (1, 2)
    assert said in found.output
    assert found.output.count("\n") == 1
    assert (folder / "m.onnx").read_bytes() == before


def test_without_the_package(monkeypatch):
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    found = nnc("import", "m.onnx")
    assert (
        found.output
        == "error: reading ONNX models needs the package onnx: pip install 'nnc[onnx]'\n"
    )


# --- files that nobody should trust -------------------------------------------------------------


def external(where):
    """The dense model with its weights said to lie in another file."""
    dense()
    made = onnx.load("m.onnx")
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", where), ("offset", "0"), ("length", "48")):
        tensor.external_data.add(key=key, value=value)
    Path("m.onnx").write_bytes(made.SerializeToString())


@pytest.mark.parametrize("where", ["../secret", "/etc/passwd", "", "inner/../../secret"])
def test_numbers_outside_of_the_folder_are_not_read(folder, where):
    (folder.parent / "secret").write_bytes(b"0" * 48)
    external(where)
    with pytest.raises(CannotRead, match="outside of the model's folder"):
        import_model(folder / "m.onnx")


def test_a_link_out_of_the_folder_is_not_followed(folder):
    (folder.parent / "secret").write_bytes(b"0" * 48)
    (folder / "data").symlink_to(folder.parent / "secret")
    external("data")
    with pytest.raises(CannotRead, match="outside of the model's folder"):
        import_model(folder / "m.onnx")


def test_numbers_beside_the_model_are_read(folder):
    numbers = np.arange(12, dtype="float32").reshape(4, 3)
    (folder / "data").write_bytes(numbers.tobytes())
    external("data")
    np.testing.assert_array_equal(import_model(folder / "m.onnx").params["dense1.W"], numbers)


@pytest.mark.parametrize("size", [0, 20])
def test_numbers_that_are_missing(folder, size):
    external("data")
    if size:
        (folder / "data").write_bytes(b"0" * size)
    with pytest.raises(CannotRead, match="data"):
        import_model(folder / "m.onnx")


def _negative(made):
    made.graph.initializer[0].dims[0] = -4


def _huge(made):
    made.graph.initializer[0].dims[0] = 2**40


def _cycle(made):
    made.graph.node[0].input[0] = "y"


def _no_batch(made):
    made.graph.input[0].type.tensor_type.shape.ClearField("dim")


def _other_shape(made):
    made.graph.initializer[0].dims[:] = [6, 2]


def _no_input(made):
    made.graph.node[0].input[0] = "nothing"


def _unknown_type(made):
    made.graph.initializer[0].data_type = 33


@pytest.mark.parametrize(
    "damage", [_unknown_type, _negative, _huge, _cycle, _no_batch, _other_shape, _no_input]
)
def test_damage_gets_one_line(folder, damage):
    dense()
    made = onnx.load("m.onnx")
    damage(made)
    Path("m.onnx").write_bytes(made.SerializeToString())
    found = nnc("import", "m.onnx")
    assert found.exit_code == 1
    assert "m.onnx" in found.output
    assert len(found.output.splitlines()) <= 3


@pytest.mark.parametrize("seed", range(60))
def test_flipped_bits_are_survived(folder, seed):
    """Some flips change a weight or a name only; the rest are errors of one kind."""
    dense()
    content = bytearray((folder / "m.onnx").read_bytes())
    draw = random.Random(seed)
    for _ in range(draw.randint(1, 8)):
        content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    (folder / "m.onnx").write_bytes(bytes(content))
    with suppress(CannotRead, CannotImport):
        assert import_model(folder / "m.onnx").typed.params


def test_the_weights_are_listed_in_the_header_by_their_names():
    dense()
    nnc("import", "m.onnx", "-o", "m.nn", "--params", "m.safetensors")
    content = Path("m.safetensors").read_bytes()
    header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert {"dense1.W", "dense1.b"} <= header.keys()
