"""Which function computes which op: forward, loss and backward share a graph but not a frame.

A value that forward computes and the others use is kept in the cache; what loss and backward
both need is computed in each (passes hoist what is worth keeping into forward).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..ir.op_graph import Graph, Node, Role
from ..ops import OPS
from ..ops.source import FREE, KEPT_LEAVES, LEAVES


@dataclass(frozen=True, slots=True)
class Kernel:
    """One generated function's part of the graph: nodes in order, all needed by its results."""

    name: str
    graph: Graph
    nodes: tuple[Node, ...]
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of a module; loss and backward are None without a loss.

    `cached` are the values that forward keeps for the others: its inputs and every named or
    computed value they use.
    """

    graph: Graph
    forward: Kernel
    loss: Kernel | None
    backward: Kernel | None
    cached: tuple[int, ...]


def split(graph: Graph) -> Kernels:
    """Divide a graph into its kernels."""
    outs = graph.outputs_for("out").values()
    parts = graph.outputs_for("loss").values()
    grads = graph.outputs_for("grad").values()
    if not parts:
        return single(graph)
    forward = {n.id for n in graph if n.origin.role is Role.FORWARD}
    loss = _kernel("loss", graph, parts, forward)
    backward = _kernel("backward", graph, grads, forward)
    cached = _cached(graph, (loss, backward), forward)
    wanted = [*outs, *(i for i in cached if i not in outs)]
    return Kernels(graph, _kernel("forward", graph, wanted, ()), loss, backward, cached)


def single(graph: Graph) -> Kernels:
    """One kernel for all outputs: nothing is kept for later."""
    kernel = _kernel("forward", graph, graph.outputs.values(), ())
    return Kernels(graph, kernel, None, None, ())


def is_inline_view(node: Node) -> bool:
    """A view without a name is written out wherever it is used: `a.T`."""
    return OPS[node.op].view and not node.origin.hint


def base(graph: Graph, id: int) -> int:
    """The value whose memory an unnamed view looks at."""
    while is_inline_view(graph[id]):
        id = graph[id].inputs[0]
    return id


def _kernel(name: str, graph: Graph, results: Iterable[int], given: Iterable[int]) -> Kernel:
    """The ops needed for the results, down to what is given."""
    results = tuple(results)
    outside = {i for i in given if not is_inline_view(graph[i])}
    needed = {i for i in results if i not in outside}
    for node in reversed(graph.nodes):
        if node.id in needed:
            needed.update(i for i in node.inputs if i not in outside)
    nodes = tuple(n for n in graph if n.id in needed and n.op not in LEAVES)
    return Kernel(name, graph, nodes, results)


def _cached(graph: Graph, kernels: Iterable[Kernel], forward: set[int]) -> tuple[int, ...]:
    used: set[int] = set()
    for kernel in kernels:
        own = {n.id for n in kernel.nodes}
        used.update(i for n in kernel.nodes for i in n.inputs if i not in own)
        used.update(i for i in kernel.results if i not in own)
    bases = {base(graph, i) for i in used}
    given = [op for op in FREE if op not in KEPT_LEAVES]
    wanted = bases & forward
    return tuple(n.id for n in graph if n.id in wanted and n.op not in given)
