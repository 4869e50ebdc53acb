"""The text of an imported network: forks where branches merge, names elsewhere, repeats once."""

from __future__ import annotations

import numpy as np
import pytest
from nnc.onnx_import.chains import folded
from nnc.onnx_import.importing import imported
from onnx import TensorProto, helper, numpy_helper

FLOAT = TensorProto.FLOAT


def spec(nodes, outputs=("y",), inputs=("x",)):
    """The lines of the spec of nodes over rows of four numbers, without comments."""
    weights = {"w": np.ones((4, 4), "float32"), "v": np.full((4, 4), 2, "float32")}
    graph = helper.make_graph(
        [helper.make_node(op, i.split(), [o]) for op, i, o in nodes],
        "test",
        [helper.make_tensor_value_info(name, FLOAT, ["batch", 4]) for name in inputs],
        [helper.make_tensor_value_info(name, FLOAT, ["batch", "size"]) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    found = imported(model, "m.onnx")
    return found, [s for s in found.spec.splitlines() if not s.startswith(("#", "loss"))]


def test_a_sum_around_a_layer_is_a_fork():
    found, lines = spec([("MatMul", "x w", "a"), ("Relu", "a", "b"), ("Add", "b x", "y")])
    assert lines == ["input 4 -> [dense 4 bias=false relu, id] -> add"]
    assert found.params["dense1.W"][0, 0] == 1


def test_forks_inside_of_forks():
    nodes = [
        ("MatMul", "x w", "a"),
        ("Tanh", "a", "b"),
        ("Sigmoid", "a", "c"),
        ("Mul", "b c", "d"),
        ("Add", "d x", "y"),
    ]
    _, lines = spec(nodes)
    inner = "dense 4 bias=false -> [tanh, sigmoid] -> mul"
    assert lines == [f"input 4 -> [{inner}, id] -> add"]


def test_branches_that_begin_elsewhere_have_names():
    nodes = [
        ("MatMul", "x w", "a"),
        ("Tanh", "a", "b"),
        ("Add", "b x", "c"),
        ("Mul", "c b", "y"),
    ]
    _, lines = spec(nodes)
    assert lines == [
        "input 4 as x",
        "x -> dense 4 bias=false tanh as v1",
        "[v1, x] -> add as v2",
        "[v2, v1] -> mul",
    ]


def test_weights_follow_the_order_of_the_text():
    """The second branch comes first in the file."""
    nodes = [("MatMul", "x v", "b"), ("MatMul", "x w", "a"), ("Sub", "a b", "y")]
    found, lines = spec(nodes)
    assert lines == ["input 4 -> [dense 4 bias=false, dense 4 bias=false] -> sub"]
    assert found.params["dense1.W"][0, 0] == 1
    assert found.params["dense2.W"][0, 0] == 2


def test_several_inputs_and_outputs_have_names():
    nodes = [("MatMul", "a w", "c"), ("Relu", "c", "y"), ("Add", "y b", "z")]
    found, lines = spec(nodes, outputs=("y", "z"), inputs=("a", "b"))
    assert lines[-1] == "output y1, y2"
    assert lines[:4] == [
        "input 4 as x1 -> dense 4 bias=false relu as y1",
        "input 4 as x2",
        "[y1, x2] -> add as y2",
        "output y1, y2",
    ]
    assert len(found.typed.graph.outputs) == 2


def test_what_is_repeated_is_written_once():
    nodes, before = [], "x"
    for i in range(3):
        nodes += [("MatMul", f"{before} w", f"a{i}"), ("Relu", f"a{i}", f"b{i}")]
        before = f"b{i}"
    found, lines = spec([*nodes, ("MatMul", f"{before} v", "y")])
    assert lines == ["input 4 -> (dense 4 bias=false relu) * 3 -> dense 4 bias=false"]
    assert [float(a[0, 0]) for a in found.params.values()] == [1, 1, 1, 2]


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (["a", "b"], "a b"),
        (["a", "a"], "a a"),
        (["a", "a", "a"], "(a) * 3"),
        (["a", "b", "a", "b"], "(a -> b) * 2"),
        (["x", "[f, id] -> add", "[f, id] -> add"], "x ([f, id] -> add) * 2"),
        (["a", "a", "a", "b", "a", "a", "a", "b"], "(a -> a -> a -> b) * 2"),
    ],
)
def test_folding(parts, text):
    assert " ".join(folded(parts)) == text
