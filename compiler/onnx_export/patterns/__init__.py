"""Fusion of several nodes of the op graph into one that ONNX has an op for.

Fused nodes have names of ONNX ops, or operands that the op graph's own type rules reject; only the
rules of this export read them.
"""

from __future__ import annotations

from collections.abc import Callable

from ...ir.op_graph import Graph, Node, renumbered
from .activations import clipped_relus, whole_gelus
from .dense import stacked_products
from .found import Found
from .norms import batch_norms, layer_norms
from .recurrent import recurrent_layers

Pattern = Callable[[Found], None]

GELU = 20
"""The first opset with Gelu."""


def with_patterns(graph: Graph, opset: int, *, double: bool) -> Graph:
    """Return the graph with every pattern fused, without nodes that are no longer needed.

    In `double` precision norms are not fused: ONNX stores their epsilon in single precision.
    """
    patterns: list[Pattern] = [stacked_products, recurrent_layers, clipped_relus]
    if not double:
        patterns += [layer_norms, batch_norms]
    if opset >= GELU:
        patterns.append(whole_gelus)
    found = Found(graph)
    for pattern in patterns:
        pattern(found)
    return _needed(found.graph())


def _needed(graph: Graph) -> Graph:
    """Return the nodes that outputs need, in order, and all inputs, as the model is called with them."""
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.id in needed:
            needed.update(node.inputs)
    kept: list[Node] = [n for n in graph.nodes if n.id in needed or n.op in ("input", "lengths")]
    return renumbered(graph, kept)
