"""Move values that loss and backward both need, and that do not depend on the target, into forward.

    before  loss: e = exp(z − max z) …      backward: the same again
    after   forward: e = exp(z − max z)     loss and backward read it

So a network that ends in logits computes its softmax once per step.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir.op_graph import Graph, Role


def hoist_targetless(graph: Graph) -> Graph:
    """Set the role FORWARD for ops of the loss that backward uses and that depend on no target."""
    needed: set[int] = set()
    for node in reversed(graph.nodes):
        if node.origin.role is Role.BACKWARD or node.id in needed:
            needed.update(i for i in node.inputs if graph[i].origin.role is Role.LOSS)
    sees_target: set[int] = set()
    nodes = []
    for node in graph:
        if node.op == "target" or any(i in sees_target for i in node.inputs):
            sees_target.add(node.id)
        elif node.id in needed and node.inputs:
            node = replace(node, origin=replace(node.origin, role=Role.FORWARD))
        nodes.append(node)
    return replace(graph, nodes=tuple(nodes))
