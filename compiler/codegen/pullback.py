"""Functions that pull other gradients than the loss's back: vjp, jacobian, each row's own.

They are written as plain formulas at every level, over the values that forward keeps: what they
give belongs to the caller.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..autodiff.per_row import NotPerRow, per_row
from ..autodiff.reverse import differentiate, pull_back
from ..emitted import CannotEmit
from ..ir.dims import BATCH, symbols
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Origin, Role
from ..ir.types import DType, TensorType
from ..lower.graph import lower
from ..ops.build import Builder, Value
from ..ops.source import leaf
from ..program.kernels import Kernel
from .arrays import ArrayView
from .program import CACHE, Program, dims_from, loaded, owned, sizes_of
from .textbook import textbook
from .view import JacobianView, KeptView, KernelView


def real_inputs(typed: TypedGraph) -> list[str]:
    """The inputs that a gradient can reach; ids have none."""
    layers = [n for n in typed.graph.layers if n.kind == "input"]
    return [n.name for n in layers if typed.types[n.id].dtype is DType.FLOAT]


def add_pull_backs(typed: TypedGraph, build: Builder, emit: tuple[str, ...]) -> None:
    """Append what vjp and jacobian compute from gradients of the outputs."""
    if not {"vjp", "jacobian"} & set(emit):
        return
    seeds: dict[int, Value] = {}
    for output in typed.graph.outputs:
        value = build.value(build.outputs[f"out:{output.name}"])
        build.origin = Origin(output.name, (output.span,), Role.BACKWARD)
        given = leaf(build, "upstream", output.name, TensorType(value.type.shape))
        given = build.describe(given, hint=f"dy_{output.name}")
        seeds[value.id] = seeds[value.id] + given if value.id in seeds else given
    inputs = real_inputs(typed)
    if "vjp" in emit:
        pull_back(build, seeds, [p.name for p in typed.params], inputs, ("vjp", "vjp_dx"))
    if "jacobian" in emit:
        pull_back(build, seeds, [], inputs, ("", "row_dx"))


def row_gradients(typed: TypedGraph) -> Graph:
    """The gradients of every row's own loss, as outputs `row:PARAM` of shape (B, …)."""
    build = lower(typed, per_row=True)
    differentiate(build, build.outputs["total"], [p.name for p in typed.params], [])
    rows = {}
    for name, id in build.graph().outputs_for("grad").items():
        try:
            rows[f"row:{name}"] = per_row(build, build.value(id)).id
        except NotPerRow as error:
            raise CannotEmit(f"cannot emit 'per-example': {error} adds up the rows") from None
    return Graph(tuple(build.nodes), rows)


def vjp_view(program: Program) -> KernelView | None:
    """The body of vjp; its results are the parameters' gradients, then the inputs'."""
    kernel = program.kernels.vjp
    return _view(program, kernel, ("vjp", "vjp_dx")) if kernel else None


def jacobian_view(program: Program, outputs: tuple[ArrayView, ...]) -> JacobianView | None:
    """The pieces of jacobian: the pull-back, and how each kept value is repeated for it."""
    kernel = program.kernels.row_vjp
    if kernel is None:
        return None
    view = _view(program, kernel, ("row_dx",))
    ids = {name: i for i, name in program.names.items()}
    kept = tuple(KeptView(name, _batch_axis(program.graph, ids[name])) for name in view.loads)
    return JacobianView(view, kept, upstreams(program))


def upstreams(program: Program) -> tuple[tuple[str, str], ...]:
    """The outputs' names, each with the variable of the gradient that comes for it."""
    return tuple(
        (str(n.attr("name")), program.names[n.id]) for n in program.graph if n.op == "upstream"
    )


def _batch_axis(graph: Graph, id: int) -> int | None:
    """The axis along which a value has its rows: alone, or with what follows them."""
    for axis, size in enumerate(graph[id].type.shape):
        if str(BATCH) in symbols(size):
            return axis
    return None


def _view(program: Program, kernel: Kernel, purposes: Iterable[str]) -> KernelView:
    graph = program.graph
    own = {n.id for n in kernel.nodes}
    outside = [i for i in program.kernels.cached if i not in own]
    loads = loaded(program, kernel, outside)
    frame = program.frame(graph, outside)
    statements = textbook(kernel, frame, program.names)
    if program.level == 1 and kernel is program.kernels.vjp:
        dims = tuple((d, f"{CACHE}.{d}") for d in sizes_of(program, kernel))
    else:
        given = [n.id for n in graph if n.op == "upstream"]
        sources = dims_from(program, kernel, [*loads, *outside, *given])
        loads += [i for i in dict.fromkeys(sources.values()) if i not in (*loads, *given)]
        dims = program.size_texts(sources)
    results = {
        f"{purpose}:{name}": (i, frame.text(i).code)
        for purpose in purposes
        for name, i in graph.outputs_for(purpose).items()
    }
    texts = owned(graph, results, kept=outside)
    return KernelView(tuple(program.names[i] for i in loads), dims, tuple(statements), texts)
