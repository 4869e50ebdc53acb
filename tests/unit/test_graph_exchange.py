"""Export of the layer graph: JSON and GraphML."""

from __future__ import annotations

import json
from io import BytesIO

import networkx
import pytest
from nnc.driver import check
from nnc.report.exchange import as_graphml, as_json
from nnc.source import Source

BLOCKS = (
    "block res(n) = [id, dense n relu -> dense n] -> add\n"
    "block two(n) = res(n) -> res(n)\n"
    "block mlp(n) = dense n -> relu as bent -> dense n\n"
    "input 16 -> two(16) -> (dense 8 relu -> dense 4) as enc -> [res(4), mlp(4)] -> add -> dense 1\n"
    "loss mse"
)


def typed(spec: str):
    return check(Source("nets/model.nn", spec)).graph


def test_json_is_a_graph_of_networkx():
    data = json.loads(as_json(typed(BLOCKS), "model"))
    graph = networkx.node_link_graph(data, edges="edges")
    assert list(graph) == [layer.name for layer in typed(BLOCKS).graph.layers]
    assert graph.nodes["two1.res1.dense1"] == {
        "kind": "dense",
        "shape": [16],
        "dtype": "float",
        "ragged": False,
        "activation": "relu",
        "parameters": {"two1.res1.dense1.W": [16, 16], "two1.res1.dense1.b": [16]},
        "frozen": [],
        "outputs": [],
        "losses": [],
        "span": "nets/model.nn:1:21",
        "line": 1,
        "stage": "dense 16 relu",
        "parameter_count": 272,
        "group": "two1.res1",
    }
    assert graph.graph == {"model": "model", "dtype": "float32"}
    assert {(a, b, e["operand"]) for a, b, e in graph.edges(data=True)} >= {
        ("x", "two1.res1.add1", 0),
        ("two1.res1.dense2", "two1.res1.add1", 1),
    }


def test_graphml_is_read_by_networkx():
    graph = networkx.read_graphml(BytesIO(as_graphml(typed(BLOCKS), "model").encode()))
    assert list(graph) == [layer.name for layer in typed(BLOCKS).graph.layers]
    assert graph.nodes["enc.dense1"]["parameter_count"] == 136
    assert json.loads(graph.nodes["enc.dense1"]["parameters"]) == {
        "enc.dense1.W": [16, 8],
        "enc.dense1.b": [8],
    }
    assert graph.number_of_edges() == sum(len(n.inputs) for n in typed(BLOCKS).graph.layers)


@pytest.mark.parametrize("write", [as_json, as_graphml])
def test_names_of_files_are_escaped(write):
    source = Source('a"<&>\x01\udc80.nn', "input 3 -> dense 1; loss mse")
    text = write(check(source).graph, "model")
    assert "\x01" not in text
    text.encode("utf-8")
