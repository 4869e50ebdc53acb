"""Remove ops that no output needs, for example gradients that are not used.

    before  %5 = matmul(%4, %2ᵀ)      the gradient of the data
            %6 = matmul(%0ᵀ, %4)      -> grad:dense1.W
    after   %6 = matmul(%0ᵀ, %4)      -> grad:dense1.W

Inputs and other values passed to the function are always kept.
"""

from __future__ import annotations

from ..ir.op_graph import Graph, renumbered


def eliminate_dead_code(graph: Graph) -> Graph:
    """Remove all ops but the ancestors of the outputs; leaves are always kept."""
    live = set(graph.outputs.values())
    for node in reversed(graph.nodes):
        if node.id in live:
            live.update(node.inputs)
    leaves = ("input", "lengths", "param", "target", "upstream")
    return renumbered(graph, (n for n in graph if n.id in live or n.op in leaves))
