"""Layers with batch statistics, which need more than one value per channel in training."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...ir.dims import BATCH, Dim, evaluate, product, symbols, written
from ...ir.layer_graph import TypedGraph
from ...ir.op_graph import Graph
from ...program.sizes import size_source
from .arrays import BatchCount, SizeView
from .names import Names


def batch_counts(names: Names, sizes: Iterable[SizeView]) -> Iterator[BatchCount]:
    """Yield such layers in which a channel may have only one value."""
    least = {"B": 1, **{size.name: size.least for size in sizes}}
    said: set[Dim] = set()
    for name, count in _counts(names.graph):
        if evaluate(count, least) == 1 and count not in said:
            said.add(count)
            yield _batch_count(names, name, count)


def fresh_state(graph: Graph, typed: TypedGraph) -> Iterator[tuple[str, str]]:
    """Yield the scale and the running mean of such layers whose running statistics change."""
    params, moved = {p.name for p in typed.params}, {}
    for node in graph:
        if node.op == "batch_stats" and node.attr("momentum"):
            kept = graph[node.inputs[1]]
            while kept.op != "state":
                kept = graph[kept.inputs[0]]
            mean = kept.word("name")
            moved[f"{mean.rpartition('.')[0]}.gamma"] = mean
    yield from ((scale, mean) for scale, mean in moved.items() if scale in params)


def _counts(graph: Graph) -> Iterator[tuple[str, Dim]]:
    for node in graph:
        if node.op == "batch_stats" and not dict(node.attrs).get("shared"):  # checked with all
            shape, axes = graph[node.inputs[0]].type.shape, node.wholes("axes")
            yield node.word("name"), product(shape[axis] for axis in axes)


def _batch_count(names: Names, layer: str, count: Dim) -> BatchCount:
    inputs = [node.id for node in names.graph if node.op == "input"]
    places = {n: names.size_text(n, size_source(names.graph, n, inputs)) for n in symbols(count)}
    last = {**places, str(BATCH): "last"}
    return BatchCount(layer, written(count, places), written(count, last), count == BATCH)
