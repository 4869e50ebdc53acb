"""Equivalent right programs: the mean over the batch can be taken in two places.

    standard   dz = (y − t) / B          dW = xᵀ dz
    late       dz =  y − t               dW = xᵀ dz / B

The parameters' gradients are the same; intermediate gradients differ by a factor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..ir.dims import BATCH, Dim
from ..ir.op_graph import Graph, Node, Role
from .anatomy import PENALTY, Anatomy
from .rewriting import Edit


def conventions(anatomy: Anatomy) -> Iterator[Graph]:
    """Yield the standard program, then the equivalent ones."""
    yield anatomy.graph
    late = late_mean(anatomy)
    if late is not None:
        yield late


def late_mean(anatomy: Anatomy) -> Graph | None:
    """Move the division by B from the loss to the products over rows; None if impossible."""
    graph = anatomy.graph
    divided = [node for node in graph if _divides(node)]
    if not divided or any(_exact(node) is None for node in divided):
        return None
    if {node.origin.layer for node in divided} != _losses(graph):
        return None
    edit = Edit.of(graph)
    for node in divided:
        attrs = {**dict(node.attrs), "over": _exact(node)}
        edit.nodes[node.id] = replace(node, attrs=tuple(sorted(attrs.items())))
    for param in anatomy.params:
        for id in anatomy.of_data(param):
            edit.become(id, edit.emit(id, "scale", edit.original(id), factor=1.0, over=BATCH))
    return edit.graph(graph)


def _divides(node: Node) -> bool:
    """Return whether a node of a loss's backward pass divides by the number of rows."""
    own = node.origin.role is Role.BACKWARD and node.origin.layer != PENALTY
    return own and node.op == "scale" and "B" in str(node.attr("over"))


def _exact(node: Node) -> Dim | None:
    """Return the divisor without B, if B is a factor of it."""
    over = node.dim("over")
    if isinstance(over, int):
        return None
    rest = over // BATCH
    return rest if rest * BATCH == over else None


def _losses(graph: Graph) -> set[str]:
    """Return the losses whose gradient enters the network."""
    back = {n.origin.layer for n in graph if n.origin.role is Role.BACKWARD}
    made = {n.origin.layer for n in graph if n.origin.role is Role.LOSS}
    return (back & made) - {PENALTY}
