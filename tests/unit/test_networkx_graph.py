"""The layer graph as a networkx graph."""

from __future__ import annotations

import networkx as nx
import pytest
from nnc.driver import check
from nnc.source import Source

from ..generated import EXAMPLES, spec_text

SPEC = """\
model two
input Tx4 ragged -> dense 8 prelu as h -> [id, dense 8 as side] -> add -> mean axis=0 as m
m -> dense 2 softmax as y
loss crossentropy on y
loss mse on m weight=0.5
output y, m
"""


def graph_of(text: str) -> nx.MultiDiGraph:
    return check(Source("spec.nn", text)).graph.to_networkx()


def test_layers_have_shapes_parameters_and_places():
    graph = graph_of(SPEC)
    assert graph.graph == {"model": "two", "dtype": "float32"}
    h = graph.nodes["h"]
    assert (h["kind"], h["activation"], h["shape"]) == ("dense", "prelu", ("T", 8))
    assert h["parameters"]["h.W"] == (4, 8)
    assert "prelu" in " ".join(h["parameters"])
    assert (h["ragged"], h["dtype"], h["line"]) == (True, "float", 2)
    assert h["span"].text.startswith("dense 8")
    assert graph.nodes["m"]["outputs"] == ["m"]
    assert graph.nodes["m"]["losses"] == ["mse"]
    assert graph.nodes["y"]["losses"] == ["crossentropy"]


def test_edges_are_values_in_the_order_they_are_read():
    graph = graph_of(SPEC)
    read = sorted((d["operand"], a) for a, _, d in graph.in_edges("add1", data=True))
    assert [place for place, _ in read] == [0, 1]
    assert read[1][1] == "side"
    assert {d["shape"] for *_, d in graph.in_edges("add1", data=True)} == {("T", 8)}


def test_a_value_read_twice_has_two_edges():
    graph = graph_of("input 3 as x -> [id, id] -> mul -> dense 1\nloss mse\n")
    assert len(graph.in_edges("mul1")) == 2


@pytest.mark.parametrize("path", sorted(EXAMPLES.rglob("*.nn")), ids=lambda path: path.stem)
def test_of_every_example_it_is_acyclic_and_whole(path):
    text = spec_text(path.relative_to(EXAMPLES).with_suffix("").as_posix())
    typed = check(Source("spec.nn", text)).graph
    graph = typed.to_networkx()
    assert nx.is_directed_acyclic_graph(graph)
    assert list(graph) == [layer.name for layer in typed.graph.layers]
    found = {
        name: shape for _, own in graph.nodes(data="parameters") for name, shape in own.items()
    }
    assert found == {p.name: p.shape for p in typed.params}
