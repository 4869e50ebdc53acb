"""What ONNX has an op of its own for, found in an op graph: each pattern makes one node of several.

The nodes that patterns make have the names of ONNX ops, or operands that the op graph's own rules
do not allow; only the rules of this export read them.
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
    """The graph with every pattern found, and without what nothing needs any more.

    In `double` precision norms stay in parts: ONNX keeps their epsilon in single precision.
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
    """The nodes that outputs need, in order; inputs stay, since the model is called with them."""
    needed = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.id in needed:
            needed.update(node.inputs)
    kept: list[Node] = [n for n in graph.nodes if n.id in needed or n.op in ("input", "lengths")]
    return renumbered(graph, kept)
