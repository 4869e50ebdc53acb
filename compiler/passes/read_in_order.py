"""Read a matrix stored by columns as its transpose where the order of entries does not matter.

    before  inner(W, W)           the penalty of a weight: np.vdot would copy it into rows first
    after   inner(Wᵀ, Wᵀ)         one pass over memory in storage order

Runs last, when the memory layout of the parameters is known (costs/layout.py).
"""

from __future__ import annotations

from ..costs.layout import stored_by_rows
from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.shape import transpose
from .rewrite import rewrite


def read_in_order(graph: Graph) -> Graph:
    """Transpose both sides of an inner product of a parameter with itself."""
    by_rows = stored_by_rows(graph)

    def rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op != "inner" or inputs[0].id != inputs[1].id:
            return None
        of = build.nodes[inputs[0].id]
        if of.op != "param" or of.type.rank != 2 or of.attr("name") in by_rows:
            return None
        transposed = transpose(inputs[0])
        return build.emit("inner", transposed, transposed)

    return rewrite(graph, rule)
