"""Export of the layer graph to JSON and GraphML with every attribute, without folding."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import BytesIO

import networkx as nx

from ..ir.layer_graph import TypedGraph
from ..ir.lists import cut_lists
from ..source import Span, printable
from .picture import parameter_counts
from .wording import stage_text


def as_json(typed: TypedGraph, title: str) -> str:
    """Return the JSON for `networkx.node_link_graph(json.loads(text), edges="edges")`."""
    graph = _described(typed, title, _plain)
    return json.dumps(nx.node_link_data(graph, edges="edges"), indent=2, ensure_ascii=False) + "\n"


def as_graphml(typed: TypedGraph, title: str) -> str:
    """Return GraphML for Gephi, yEd, Cytoscape and networkx; lists are encoded as JSON."""
    file = BytesIO()
    nx.write_graphml_xml(_described(typed, title, _scalar), file, named_key_ids=True)
    return file.getvalue().decode("utf-8") + "\n"


def _described(
    typed: TypedGraph, title: str, value: Callable[[object], object]
) -> nx.MultiDiGraph[str]:
    """Return the networkx graph of layers, with every attribute converted by `value`."""
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
    """Return a value in JSON form; a span becomes its position in the spec."""
    if isinstance(value, Span):
        return f"{printable(value.source.name)}:{value.line}:{value.column}"
    return list(value) if isinstance(value, tuple) else value


def _scalar(value: object) -> object:
    plain = _plain(value)
    return json.dumps(plain, ensure_ascii=False) if isinstance(plain, list | dict) else plain
