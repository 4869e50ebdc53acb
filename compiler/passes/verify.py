"""The invariants of an op graph, checked after each pass."""

from __future__ import annotations

from ..ir.op_graph import Graph, Node
from ..ops import OPS
from ..ops.source import LEAVES


class VerifyError(Exception):
    """A pass has produced a graph that breaks an invariant: an error of the compiler."""


def verify(graph: Graph, after: str) -> None:
    """Check single assignment, order of inputs, known ops, types, and an origin for every node."""
    seen: dict[int, Node] = {}
    for position, node in enumerate(graph):
        _check(node.id == position, after, node, "ids count from 0 in order")
        _check(node.op in OPS, after, node, "an op that is not registered")
        _check(all(i in seen for i in node.inputs), after, node, "an input comes later")
        _check(bool(node.origin.layer), after, node, "an op without origin")
        _check(node.origin.spans != () or node.op in LEAVES, after, node, "an origin without place")
        inputs = tuple(seen[i].type for i in node.inputs)
        inferred = OPS[node.op].infer(inputs, dict(node.attrs))
        if (inferred.shape, inferred.dtype) != (node.type.shape, node.type.dtype):
            said = f"type {node.type.array()}, its rule says {inferred.array()}"
            _check(False, after, node, said)
        seen[node.id] = node
    for name, id in graph.outputs.items():
        if id not in seen:
            raise VerifyError(f"after {after}: output {name} is a value that does not exist")


def _check(holds: bool, after: str, node: Node, what: str) -> None:
    if not holds:
        raise VerifyError(f"after {after}: %{node.id} = {node.op} of {node.origin.layer}: {what}")
