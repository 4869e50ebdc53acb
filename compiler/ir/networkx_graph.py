"""The layer graph as a networkx graph, for people and for the questions that networkx answers.

It is made on request: importing networkx takes longer than the lint of a clean spec.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .layer_graph import Layer, Loss, Output, Parameter, TypedGraph

if TYPE_CHECKING:
    import networkx as nx


def to_networkx(typed: TypedGraph) -> nx.MultiDiGraph[str]:
    """Layers by name in source order, and an edge for every value that a layer reads.

    A layer has the attributes `kind`, `shape` (of one row, symbolic sizes as text), `dtype`
    (`float`, `int` or `bool`), `ragged`, `activation` (its kind, or None), `parameters` (name to
    shape), `frozen` (names of those that are), `shares` (the layer whose parameters it uses, or None), `outputs` and `losses` (names),
    `span` (the place in the spec) and `line`. An edge has `operand`, the place among the inputs of
    the layer that reads, and the `shape` of the value. The graph has `model`, `dtype`.
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
    """The parameters by the name of the layer that they, or its activation, belong to."""
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
    """The names of outputs or losses by the number of their layer."""
    names: dict[int, list[str]] = {}
    for end in found:
        names.setdefault(end.layer, []).append(end.name)
    return names


def _shape(typed: TypedGraph, layer: int) -> tuple[int | str, ...]:
    return tuple(n if isinstance(n, int) else str(n) for n in typed.shape_of(layer))
