"""The bodies of vjp and jacobian: plain formulas at every level, over the values in the cache.

Their results are owned by the caller."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ...ir.dims import BATCH, symbols
from ...ir.op_graph import Graph
from ...program.kernels import Kernel, loaded
from ...program.sizes import dims_from, sizes_of
from .bodies import owned
from .function_views import JacobianView, KeptView, KernelView, VjpView
from .names import CACHE, Names
from .textbook import textbook


def vjp_view(names: Names) -> VjpView | None:
    """Return the body of vjp, with the gradients of parameters and those of inputs."""
    kernel = names.kernels.vjp
    if kernel is None:
        return None
    view = _view(names, kernel, ("vjp", "vjp_dx"))
    count = len(names.graph.outputs_for("vjp"))
    return VjpView(replace(view, results=view.results[:count]), view.results[count:])


def jacobian_view(names: Names) -> JacobianView | None:
    """Return the parts of jacobian: the pull-back, and how each kept value is repeated for it."""
    kernel = names.kernels.row_vjp
    if kernel is None:
        return None
    view = _view(names, kernel, ("row_dx",))
    ids = {name: i for i, name in names.names.items()}
    kept = tuple(KeptView(name, _batch_axis(names.graph, ids[name])) for name in view.loads)
    return JacobianView(view, kept, upstreams(names))


def upstreams(names: Names) -> tuple[tuple[str, str], ...]:
    """Return the output names, each with the variable of its upstream gradient."""
    return tuple((n.word("name"), names.names[n.id]) for n in names.graph if n.op == "upstream")


def _batch_axis(graph: Graph, id: int) -> int | None:
    """Return the row axis of a value, where rows may be merged with the axes that follow."""
    for axis, size in enumerate(graph[id].type.shape):
        if str(BATCH) in symbols(size):
            return axis
    return None


def _view(names: Names, kernel: Kernel, purposes: Iterable[str]) -> KernelView:
    graph, kernels = names.graph, names.kernels
    own = {n.id for n in kernel.nodes}
    outside = [i for i in kernels.cached if i not in own]
    loads = loaded(kernel, outside)
    frame = names.frame(outside)
    statements = textbook(kernel, frame, names.names)
    if names.level == 1 and kernel is kernels.vjp:
        dims = tuple((d, f"{CACHE}.{d}") for d in sizes_of(kernels, kernel))
    else:
        given = [n.id for n in graph if n.op == "upstream"]
        sources = dims_from(kernels, kernel, [*loads, *outside, *given])
        loads += [i for i in dict.fromkeys(sources.values()) if i not in (*loads, *given)]
        dims = names.size_texts(sources)
    results = [
        (name, i, frame.name(i))
        for purpose in purposes
        for name, i in graph.outputs_for(purpose).items()
    ]
    texts = owned(graph, results, kept=outside)
    return KernelView(tuple(names.names[i] for i in loads), dims, tuple(statements), texts)
