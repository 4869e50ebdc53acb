"""Store a broadcast value in an array of its own before its axes are merged.

    before  %3 : (B, 4, 2) = broadcast(%2)      entries repeated in appearance only
            %4 : (B, 8) = reshape(%3)           NumPy must copy them, into a new array every step
    after   %4 = copied(%3)                     into an array that is planned
            %5 = reshape(%4)

Other views are not changed: products can often read a sliced or transposed array directly.
"""

from __future__ import annotations

from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.shape import reshape
from .rewrite import rewrite


def store_repeated(graph: Graph) -> Graph:
    """Insert `copied` between every broadcast of an array and a reshape of it."""
    return rewrite(graph, _rule)


def _rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    if node.op != "reshape":
        return None
    source = build.nodes[inputs[0].id]
    if source.op != "broadcast" or not build.nodes[source.inputs[0]].type.rank:
        return None
    return reshape(build.emit("copied", inputs[0]), node.type.shape)
