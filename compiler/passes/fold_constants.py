"""Compute at compile time every value that depends only on constants.

    before  %2 = const(3); %3 = square(%2)
    after   %3 = const(9)

Only scalar operations whose result IEEE 754 rounds correctly are folded, so that the generated
text does not depend on a machine's math library.
"""

from __future__ import annotations

import operator
from collections.abc import Callable

from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.source import const
from .rewrite import rewrite

FOLDABLE: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "square": lambda x: x * x,
    "abs": abs,
    "relu": lambda x: max(x, 0.0),
}


def fold_constants(graph: Graph) -> Graph:
    """Replace foldable ops on scalar constants by their value."""
    return rewrite(graph, _rule)


def _rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
    nodes = [build.nodes[v.id] for v in inputs]
    if not nodes or not all(n.op == "const" and n.type.shape == () for n in nodes):
        return None
    values = [n.real("value") for n in nodes]
    if node.op == "scale" and node.attr("over") == 1:
        return const(build, values[0] * node.real("factor"))
    if node.op in FOLDABLE:
        return const(build, FOLDABLE[node.op](*values))
    return None
