"""The symbolic sizes that functions use, and the values from which they are read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ..ir.dims import Dim, Sym, symbol, symbols
from ..ir.op_graph import Graph
from .kernels import Kernel, Kernels, loaded


def dims_used(kernel: Kernel) -> list[str]:
    """Return the symbols of dimensions that the expressions of a kernel use."""
    found: set[str] = set()
    for node in kernel.nodes:
        mentioned = [a for name, a in node.attrs if name != "shape"]
        if node.op in ("broadcast", "embed", "zeros"):
            mentioned += node.type.shape
        if node.op == "embed":
            mentioned += kernel.graph[node.inputs[0]].type.shape
        if node.op == "reshape" and sum(not isinstance(n, int) for n in node.type.shape) > 1:
            mentioned += node.type.shape
        for attr in mentioned:
            for dim in attr if isinstance(attr, tuple) else (attr,):
                found |= symbols(dim) if isinstance(dim, Sym) else set()
    return sorted(found)


def keep_sizes(kernels: Kernels) -> Kernels:
    """Make forward keep inputs if no kept value has a size that loss or backward need."""
    graph, cached = kernels.graph, list(kernels.cached)
    missing = _sizes_behind(kernels) - _plain_sizes(graph, cached)
    for node in graph:
        if node.op == "input" and missing & _plain_sizes(graph, [node.id]):
            cached.append(node.id)
            missing -= _plain_sizes(graph, [node.id])
    return replace(kernels, cached=tuple(cached))


def size_sources(kernels: Kernels, kernel: Kernel, outside: list[int]) -> dict[str, int]:
    """Return the symbolic sizes that a kernel of formulas needs, each with a value that has it."""
    if kernel is kernels.forward:
        places = [n.id for n in kernel.graph if n.op == "input"]
    else:
        places = loaded(kernel, outside)
    return dims_from(kernels, kernel, [*places, *outside])


def dims_from(kernels: Kernels, kernel: Kernel, places: list[int]) -> dict[str, int]:
    """Return the symbolic sizes that a kernel uses or checks, each with one of `places`."""
    return {name: size_source(kernel.graph, name, places) for name in sizes_of(kernels, kernel)}


def sizes_of(kernels: Kernels, kernel: Kernel) -> list[str]:
    """Return the symbolic sizes that a kernel uses, or checks its arguments against."""
    wanted = set(dims_used(kernel))
    if kernel is not kernels.forward:
        wanted |= _target_sizes(kernel.graph)
    return sorted(wanted)


def size_source(graph: Graph, name: str, places: Iterable[int]) -> int:
    """Return the first value that has a symbolic size as a plain axis."""
    for id in places:
        if symbol(name) in graph[id].type.shape:
            return id
    raise LookupError(f"no array of this kernel has the size {name}")


def input_dims(graph: Graph) -> list[str]:
    """Return the plain symbols of the inputs' shapes, the batch first."""
    sizes = [size for node in graph if node.op == "input" for size in node.type.shape]
    return list(dict.fromkeys(str(size) for size in sizes if _plain(size)))


def _sizes_behind(kernels: Kernels) -> set[str]:
    """Return the symbolic sizes that loss and backward use, or check their targets against."""
    return _target_sizes(kernels.graph).union(*(dims_used(k) for k in kernels.behind))


def _target_sizes(graph: Graph) -> set[str]:
    """Return the symbolic sizes of the targets, and of gradients from outside."""
    shapes = [node.type.shape for node in graph if node.op in ("target", "upstream")]
    return {s for shape in shapes for size in shape for s in symbols(size)}


def _plain_sizes(graph: Graph, ids: Iterable[int]) -> set[str]:
    """Return the symbolic sizes that occur as a plain axis of some value."""
    return {str(size) for i in ids for size in graph[i].type.shape if _plain(size)}


def _plain(size: Dim) -> bool:
    return not isinstance(size, int) and str(size).isalnum()
