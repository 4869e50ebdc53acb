"""The layer graph for other programs: JSON and GraphML with every attribute, nothing folded."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO

import networkx as nx

from ..ir.layer_graph import TypedGraph
from ..ir.lists import cut_lists
from ..source import Span
from .picture import parameter_counts
from .wording import printable, stage_text


def as_json(typed: TypedGraph, title: str) -> str:
    """Nodes and edges as `networkx.node_link_graph(json.loads(text), edges="edges")` reads them."""
    graph = _described(typed, title, _plain)
    return json.dumps(nx.node_link_data(graph, edges="edges"), indent=2, ensure_ascii=False) + "\n"


def as_graphml(typed: TypedGraph, title: str) -> str:
    """GraphML, which Gephi, yEd, Cytoscape and networkx read; lists are written as JSON."""
    file = BytesIO()
    nx.write_graphml_xml(_described(typed, title, _scalar), file, named_key_ids=True)
    return file.getvalue().decode("utf-8") + "\n"


def _described(
    typed: TypedGraph, title: str, value: Callable[[object], object]
) -> nx.MultiDiGraph[str]:
    """The layers as networkx has them, with words and counts, and every attribute as `value` has it."""
    graph = typed.to_networkx()
    counts = parameter_counts(typed)
    for layer in typed.graph.layers:
        attributes = graph.nodes[layer.name]
        attributes["stage"] = cut_lists(stage_text(layer))
        attributes["parameter_count"] = counts[layer.name]
        attributes["group"] = layer.name.rpartition(".")[0]
    graph.graph["model"] = title
    for known in (graph.graph, *graph.nodes.values(), *graph.edges.values()):
        converted = {name: value(known[name]) for name in known}
        known.clear()
        known.update({name: v for name, v in converted.items() if v is not None})
    return graph


def _plain(value: object) -> object:
    """A value as JSON has it; a span as its place in the spec."""
    if isinstance(value, Span):
        return f"{printable(value.source.name)}:{value.line}:{value.column}"
    return list(value) if isinstance(value, tuple) else value


def _scalar(value: object) -> object:
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list | dict) else plain
