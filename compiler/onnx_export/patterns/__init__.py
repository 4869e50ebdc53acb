"""Fusion of several nodes of the op graph into one that ONNX has an op for.

Fused nodes have names of their own, or operands that the op graph's own type rules reject; only the
rules of this export read them. Inputs stay, as the model is called with them.
"""

from __future__ import annotations

from collections.abc import Callable

from ...ir.op_graph import Graph
from ...patterns.dense import stacked_products
from ...patterns.found import Found, needed
from ...patterns.norms import batch_norms, layer_norms
from .activations import clipped_relus, whole_gelus
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
    return needed(found.graph(), ("input", "lengths"))
