"""The features of a least-squares solution: the inputs of the last dense layer."""

from __future__ import annotations

from dataclasses import replace

from ..ir.layer_graph import Setting, TypedGraph
from ..ir.op_graph import Graph
from ..optimizers.solvable import solvable


def features(typed: TypedGraph, forward: Graph, optimizer: Setting) -> Graph:
    """Return the graph of the rows that the solved layer multiplies, as output `features`."""
    name = f"{solvable(typed, optimizer.head).dense.name}.W"
    product = next(
        node
        for node in forward
        if node.op == "matmul" and dict(forward[node.inputs[1]].attrs).get("name") == name
    )
    return replace(forward, outputs={"out:features": product.inputs[0]})
