"""The bodies of a module's functions as statements, and the cache that they share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ...ir.dims import array_text
from ...ir.op_graph import Graph
from ...ir.types import DType
from ...ops import OPS
from ...ops.source import LEAVES
from ...passes.pipeline import Function
from ...program.buffers import root
from ...program.kernels import Kernel, loaded
from ...program.places import GradientOf
from ...program.program import Program
from ...program.sizes import dims_used, input_dims, size_source, size_sources
from ...program.statements import Statement
from .buffered import buffered
from .frame import Frame
from .function_views import BufferView, CacheView, ConstantView, KernelView
from .names import CACHE, Names, inner_names
from .textbook import textbook


def constant_views(names: Names) -> tuple[ConstantView, ...]:
    """Return the module-level array constants, in order of first use."""
    return tuple(ConstantView(name, values) for values, name in names.constants.items())


def kernel_view(
    names: Names,
    kernel: Kernel,
    results: Mapping[str, int],
    padded: tuple[str, ...] = (),
    into: str = "",
) -> KernelView:
    """Return a kernel's body at the program's level; `results` are names and values to return.

    `padded` are the variables of target lengths, needed before the statements; `into` is a dict
    into which unread results are written (-O0)."""
    kernels = names.kernels
    own = {n.id for n in kernel.nodes}
    outside = [i for i in kernels.cached if i not in own]
    loads = [] if kernel is kernels.forward else loaded(kernel, outside)
    frame = names.frame(outside)
    if names.level == 1:
        statements = buffered(kernel, frame, names.names, names.plan.kernels[kernel.name])
        dims = tuple((d, f"{CACHE}.{d}") for d in dims_used(kernel))
    else:
        final = _unread(kernel, results, into) if into else {}
        statements = textbook(kernel, frame, {**names.names, **final})
        sources = size_sources(kernels, kernel, outside)
        if kernel is not kernels.forward:
            loads += [i for i in dict.fromkeys(sources.values()) if i not in loads]
        dims = names.size_texts(sources)
    texts = tuple((name, frame.name(i)) for name, i in results.items())
    read = dict.fromkeys((*(names.names[i] for i in loads), *padded))
    return KernelView(tuple(read), dims, tuple(statements), texts)


def _unread(kernel: Kernel, results: Mapping[str, int], into: str) -> dict[int, str]:
    """Return the dict entries of results that no op of the kernel reads."""
    read = {i for node in kernel.nodes for i in node.inputs}
    return {i: f"{into}[{name!r}]" for name, i in reversed(list(results.items())) if i not in read}


def alone_view(outer: Names, program: Program, function: Function) -> KernelView | None:
    """Return a function without a cache, such as predict; it returns all outputs of its graph.

    At -O1 values overwrite operands that are no longer needed, and otherwise go to new arrays."""
    if function not in program.planned:
        return None
    names = inner_names(outer, program, function)
    results = {name.partition(":")[2]: i for name, i in names.graph.outputs.items()}
    return results_view(names, alone_body(names), results)


@dataclass(frozen=True, slots=True)
class AloneBody:
    """The statements of a function without a cache, and the frame that names their values."""

    frame: Frame
    statements: tuple[Statement, ...]


def alone_body(names: Names) -> AloneBody:
    """Return the statements of a function without a cache."""
    kernel, frame = names.kernels.forward, names.frame()
    if names.level:
        own = names.plan.kernels[kernel.name]
        statements = buffered(kernel, frame, names.names, own, planned=False)
    else:
        statements = textbook(kernel, frame, names.names)
    return AloneBody(frame, tuple(statements))


def results_view(names: Names, body: AloneBody, results: Mapping[str, int]) -> KernelView:
    """Return a function without a cache that returns these results, which its caller may keep."""
    texts = owned(names.graph, [(name, i, body.frame.name(i)) for name, i in results.items()])
    dims = names.size_texts(size_sources(names.kernels, names.kernels.forward, []))
    return KernelView((), dims, body.statements, texts)


def owned(
    graph: Graph, results: Iterable[tuple[str, int, str]], kept: Iterable[int] = ()
) -> tuple[tuple[str, str], ...]:
    """Return results that the caller may keep: copies of inputs, cached values, and duplicates.

    Broadcast views are copied as well, since nobody could write to them."""
    given: set[int] = {root(graph, i) for i in kept}
    texts = []
    for name, id, code in results:
        base = root(graph, id)
        shared = base in given or graph[base].op in (*LEAVES, "const") or repeated(graph, id)
        texts.append((name, f"np.array({code})" if shared else code))
        given.add(base)
    return tuple(texts)


def repeated(graph: Graph, id: int) -> bool:
    """Return whether a value is a broadcast view, also through other views."""
    while OPS[graph[id].op].view and graph[id].op != "broadcast":
        id = graph[id].inputs[0]
    return graph[id].op == "broadcast"


def cache_view(names: Names) -> CacheView:
    """Return the cache's attributes: dimensions, references, arrays."""
    plans = names.plan.kernels
    made = plans["forward"].of if plans else {}
    keeps = [names.names[i] for i in names.kernels.cached if i not in made]
    holds: dict[object, list[str]] = {}
    for plan in plans.values():
        for id, place in plan.of.items():
            holds.setdefault(place, []).append(names.names.get(id, ""))
    buffers = [
        BufferView(
            names.places[place].name, array_text(b.shape), _dtype(b.dtype), _holds(holds[place])
        )
        for place, b in names.plan.buffers.items()
    ]
    buffers += [
        BufferView(name, array_text(shape), "ones", "") for shape, name in names.ones.items()
    ]
    inputs = [n.id for n in names.graph if n.op == "input"]
    sizes = {name: size_source(names.graph, name, inputs) for name in input_dims(names.graph)}
    return CacheView(names.size_texts(sizes), tuple(keeps), tuple(buffers))


def gradient_copies(names: Names, backward: KernelView) -> tuple[tuple[str, str], ...]:
    """Return copies for gradients not computed in place: shared by two parameters, or a view."""
    if names.level == 0:
        return ()
    values, made = names.graph.outputs_for("grad"), names.plan.kernels["backward"].of
    return tuple(
        (name, text)
        for name, text in backward.results
        if made.get(values[name]) != GradientOf(name)
    )


def _holds(names: list[str]) -> str:
    return ", then ".join(dict.fromkeys(n for n in names if n))


def _dtype(dtype: DType) -> str:
    return {DType.BOOL: "bool", DType.INT: "np.int64", DType.FLOAT: "DTYPE"}[dtype]
