"""Division of a graph into kernels: forward, loss and backward share a graph but not a frame.

A value that forward computes and the others use is kept in the cache; a value that both loss and
backward need is computed in each (passes hoist those worth keeping into forward)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..ir.op_graph import Graph, Node, Role
from ..ops.registry import is_view
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

    `vjp` pulls a gradient of the outputs back to parameters and inputs, `row_vjp` to the inputs
    alone; they are None unless requested.

    `cached` are the values that forward keeps for the others: its inputs and every named or
    computed value they use."""

    graph: Graph
    forward: Kernel
    loss: Kernel | None
    backward: Kernel | None
    cached: tuple[int, ...]
    vjp: Kernel | None = None
    row_vjp: Kernel | None = None

    @property
    def behind(self) -> tuple[Kernel, ...]:
        """The kernels that use the values kept by forward."""
        kernels = (self.loss, self.backward, self.vjp, self.row_vjp)
        return tuple(k for k in kernels if k is not None)


def split(graph: Graph) -> Kernels:
    """Divide a graph into its kernels."""
    outs = graph.outputs_for("out").values()
    forward = {n.id for n in graph if n.origin.role is Role.FORWARD}

    def behind(name: str, *purposes: str) -> Kernel | None:
        results = [i for p in purposes for i in graph.outputs_for(p).values()]
        return _kernel(name, graph, results, forward) if results else None

    loss, backward = behind("loss", "loss"), behind("backward", "grad")
    if loss is not None and backward is None:  # a model without parameters
        backward = _kernel("backward", graph, (), forward)
    vjp, row_vjp = behind("vjp", "vjp", "vjp_dx"), behind("row_vjp", "row_dx")
    kernels = [k for k in (loss, backward, vjp, row_vjp) if k is not None]
    if not kernels:
        return single(graph)
    cached = _cached(graph, kernels, forward)
    wanted = [*outs, *(i for i in cached if i not in outs)]
    whole = _kernel("forward", graph, wanted, ())
    return Kernels(graph, whole, loss, backward, cached, vjp, row_vjp)


def single(graph: Graph) -> Kernels:
    """Return one kernel for all outputs, without cached values."""
    kernel = _kernel("forward", graph, graph.outputs.values(), ())
    return Kernels(graph, kernel, None, None, ())


def is_inline_view(node: Node) -> bool:
    """Return whether a value is an unnamed view, inlined wherever it is used: `a.T`."""
    return is_view(node.op) and not node.origin.hint


def base(graph: Graph, id: int) -> int:
    """Return the value whose memory an unnamed view refers to."""
    while is_inline_view(graph[id]):
        id = graph[id].inputs[0]
    return id


def _kernel(name: str, graph: Graph, results: Iterable[int], given: Iterable[int]) -> Kernel:
    """Collect the ops needed for the results, down to the given values."""
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


def loaded(kernel: Kernel, outside: list[int]) -> list[int]:
    """Return the values kept by forward that a kernel reads."""
    graph = kernel.graph
    used = {i for n in kernel.nodes for i in n.inputs} | set(kernel.results)
    todo = list(used)
    while todo:
        node = graph[todo.pop()]
        if is_view(node.op) and not node.origin.hint:
            used.update(node.inputs)
            todo += node.inputs
    return [i for i in outside if i in used]
