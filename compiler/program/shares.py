"""Statistics of a batch whose rows several processes share out."""

from __future__ import annotations

from dataclasses import replace

from ..ir.op_graph import Graph, Node


def share_statistics(graph: Graph) -> Graph:
    """Mark the ops that take sums over all rows of a batch, so that they add up all shares."""
    return replace(graph, nodes=tuple(map(_marked, graph.nodes)))


def _marked(node: Node) -> Node:
    """Return an op with the attribute `shared` if it is one of these.

    Gradients through the statistics of each row have no operand that says whether this is training.
    """
    if node.op == "batch_stats" or (node.op == "standardized_dx" and len(node.inputs) == 4):
        return replace(node, attrs=tuple(sorted((*node.attrs, ("shared", True)))))
    return node
