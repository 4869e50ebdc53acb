"""Replace denormal numbers by 0 where a delta is first computed.

    before  %9 = scale(sub(y, t), 1/B)          d_z, the first gradient of a softmax or sigmoid
    after   %10 = flush_denormals(%9)           and every user of %9 uses %10

A network that has learned its data is certain of most rows: their deltas are denormal, and
matrix products of denormal numbers are several times slower. One op after the first delta keeps
them out of every product that follows.
"""

from __future__ import annotations

from ..ir.op_graph import Graph, Node, Role
from ..ops.build import Builder, Value
from ..ops.source import LEAVES
from .rewrite import rewrite

WHY = "what is too small to matter becomes zero: products over denormal numbers are slow"


def flush_denormals(graph: Graph) -> Graph:
    """Flush the first backward value that a matrix product uses, where the loss's delta ends."""
    sources = _sources(graph)

    def rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.id not in sources:
            return None
        value = build.append(node.op, tuple(v.id for v in inputs), node.attrs, node.type)
        build.describe(value, formula=node.origin.formula)
        return build.describe(build.emit("flush_denormals", value), note=WHY)

    return rewrite(graph, rule)


def _sources(graph: Graph) -> set[int]:
    """Return the backward values used by products that have no backward product as an ancestor."""
    behind: set[int] = set()
    sources: set[int] = set()
    for node in graph:
        if node.origin.role is not Role.BACKWARD:
            continue
        if any(i in behind for i in node.inputs):
            behind.add(node.id)
        if node.op == "matmul":
            behind.add(node.id)
            sources |= {
                i
                for i in node.inputs
                if graph[i].origin.role is Role.BACKWARD
                and i not in behind
                and graph[i].op not in ("transpose", *LEAVES)
            }
    return sources
