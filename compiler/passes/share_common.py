"""Compute a value that occurs twice only once (common subexpressions).

    before  %4 = exp(%3)   …   %9 = exp(%3)
    after   %4 = exp(%3)   and %9's users use %4

Random masks differ in their name attribute, so the masks of two dropout layers are never merged.
"""

from __future__ import annotations

from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from .rewrite import rewrite


def share_common(graph: Graph) -> Graph:
    """Merge nodes with the same op, inputs and attributes into the first of them."""
    seen: dict[object, Value] = {}

    def rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        key = (node.op, tuple(v.id for v in inputs), node.attrs)
        if key in seen:
            return seen[key]
        build.origin = node.origin
        seen[key] = build.append(node.op, key[1], node.attrs, node.type)
        return seen[key]

    return rewrite(graph, rule)
