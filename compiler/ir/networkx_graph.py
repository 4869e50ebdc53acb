"""Conversion of the layer graph to a networkx graph, for users and for graph algorithms.

It is done on request: importing networkx takes longer than the lint of a correct spec.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .layer_graph import Layer, Loss, Output, Parameter, TypedGraph

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(typed: TypedGraph) -> nx.MultiDiGraph[str]:
    """Return layers by name in source order, and an edge for every value that a layer reads.

    A layer has the attributes `kind`, `shape` (of one row, symbolic sizes as text), `dtype`
    (`float`, `int` or `bool`), `ragged`, `activation` (its kind, or None), `parameters` (name to
    shape), `frozen` (names of frozen ones), `shares` (the layer whose parameters it uses, or None),
    `outputs` and `losses` (names), `span` (the position in the spec) and `line`. An edge has
    `operand`, its index among the inputs of the reading layer, and the `shape` of the value. The
    graph has `model` and `dtype`.
    """
    import networkx as nx

    graph: nx.MultiDiGraph[str] = nx.MultiDiGraph(model=typed.graph.model, dtype=typed.graph.dtype)
    owned = own_parameters(typed)
    names = {layer.id: layer.name for layer in typed.graph.layers}
    outputs, losses = (_by_layer(found) for found in (typed.graph.outputs, typed.graph.losses))
    for layer in typed.graph.layers:
        ends = {"outputs": outputs.get(layer.id, []), "losses": losses.get(layer.id, [])}
        graph.add_node(layer.name, **_attributes(typed, layer, owned[layer.name]), **ends)
        for operand, source in enumerate(layer.inputs):
            shape = _shape(typed, source)
            graph.add_edge(names[source], layer.name, operand=operand, shape=shape)
    return graph


def own_parameters(typed: TypedGraph) -> dict[str, list[Parameter]]:
    """Return the parameters of each layer and its activation, by the layer's name."""
    owned: dict[str, list[Parameter]] = {layer.name: [] for layer in typed.graph.layers}
    owners = {name: name for name in owned}
    for layer in typed.graph.layers:
        if layer.activation is not None:
            owners.setdefault(layer.activation.name, layer.name)
    for param in typed.params:
        prefix = param.name
        while prefix not in owners:
            prefix = prefix.rpartition(".")[0]
        owned[owners[prefix]].append(param)
    return owned


def _attributes(typed: TypedGraph, layer: Layer, params: list[Parameter]) -> dict[str, object]:
    type = typed.types[layer.id]
    return {
        "kind": layer.kind,
        "shape": _shape(typed, layer.id),
        "dtype": type.dtype.value,
        "ragged": type.ragged,
        "activation": layer.activation.kind if layer.activation else None,
        "parameters": {param.name: param.shape for param in params},
        "frozen": [param.name for param in params if param.frozen],
        "shares": layer.shares,
        "span": layer.span,
        "line": layer.span.line,
    }


def _by_layer(found: Iterable[Output | Loss]) -> dict[int, list[str]]:
    """Return the names of outputs or losses by the id of their layer."""
    names: dict[int, list[str]] = {}
    for end in found:
        names.setdefault(end.layer, []).append(end.name)
    return names


def _shape(typed: TypedGraph, layer: int) -> tuple[int | str, ...]:
    return tuple(n if isinstance(n, int) else str(n) for n in typed.shape_of(layer))
