"""What templates see of compiled kernels: arguments, places, loops; None where one cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..ir.layer_graph import Parameter, Setting
from ..ir.op_graph import Graph, Node
from ..lower.optimizers import lower_update
from ..ops.source import LEAVES, RANDOM
from ..passes.pipeline import optimise
from ..schedule.kernels import Kernel
from ..schedule.names import Namer
from ..schedule.statements import Statement
from .jit_kernels import Draw, JitKernel, JitView
from .jitted import CannotJit, KernelWriter, ParamPlace, Rooms
from .program import Program
from .target import Target, Text

DTYPES = {"work": "DTYPE", "flags": "bool", "counts": "np.int64"}
"""What the rooms hold, as source."""


def jit_view(program: Program, params: Sequence[Parameter]) -> JitView | None:
    """The kernels of a training step, if all of them can be compiled."""
    kernels = program.kernels
    if program.level == 0 or kernels.loss is None or kernels.backward is None or not params:
        return None
    if kernels.vjp or kernels.row_vjp:  # these read the cache's arrays by name
        return None
    rooms, places = Rooms(), param_places(program, params)
    drawn = {n.id: f"drawn.{_drawn_name(program, n)}" for n in kernels.forward.nodes if _random(n)}
    try:
        forward, loss, backward = (
            _kernel(program, kernel, rooms, places, drawn)
            for kernel in (kernels.forward, kernels.loss, kernels.backward)
        )
    except CannotJit:
        return None
    draws = tuple(_draw(program, program.graph[i], place, rooms) for i, place in drawn.items())
    sizes = tuple((name, str(size), DTYPES[name]) for name, size in rooms.sizes.items())
    return JitView(forward, loss, backward, sizes, draws)


def _random(node: Node) -> bool:
    return node.op in RANDOM


def _drawn_name(program: Program, node: Node) -> str:
    return program.names.get(node.id) or program.namer.fresh("drawn")


def param_places(program: Program, params: Sequence[Parameter]) -> dict[str, ParamPlace]:
    """Where the parameters lie in their flat array, in order."""
    places, start = {}, 0
    for p in params:
        columns = len(p.shape) > 1 and p.name not in program.by_rows
        places[p.name] = ParamPlace(start, tuple(p.shape), columns)
        size = 1
        for n in p.shape:
            size *= n
        start += size
    return places


def _kernel(
    program: Program,
    kernel: Kernel,
    rooms: Rooms,
    params: Mapping[str, ParamPlace],
    drawn: Mapping[int, str],
) -> JitKernel:
    graph, plans = program.graph, program.plan.kernels
    leaves = {n.id: program.names[n.id] for n in graph if n.op in ("input", "target")}
    places = {**plans["forward"].of, **plans[kernel.name].of, **drawn}
    writer = KernelWriter(
        program.target, kernel, program.namer.copy(), leaves, places, program.constants, params,
        rooms, frozenset(),
    )  # fmt: skip
    statements = writer.write()
    results: list[str] = []
    if kernel.name == "forward":
        results = [_output(writer, graph, i) for i in graph.outputs_for("out").values()]
    elif kernel.name == "loss":
        results = [writer.scalar_text(i).code for i in graph.outputs_for("loss").values()]
    else:
        statements += writer.copies(graph.outputs_for("grad"))
    return finished(writer, statements, results)


def finished(
    writer: KernelWriter, statements: Sequence[Statement], results: Sequence[str]
) -> JitKernel:
    """The kernel with what its statements turned out to need."""
    arrays = tuple((name, text) for name, text in writer.arrays.values() if text)
    return JitKernel(tuple(sorted(writer.used)), arrays, tuple(statements), tuple(results))


def _output(writer: KernelWriter, graph: Graph, i: int) -> str:
    if graph[i].type.rank == 0:
        raise CannotJit(graph[i].op)
    return writer.whole_text(i)[0]


def _draw(program: Program, node: Node, place: str, rooms: Rooms) -> Draw:
    """One array of random numbers, drawn in the order of the ops."""
    name = place.rpartition(".")[2]
    view = rooms.view(place, node.type.shape, node.type.dtype)
    text = program.target.expression(node, [Text(f"c.{name}")], [node.type.shape]).code
    return Draw(name, view, text)


def update_kernel(setting: Setting, target: Target) -> JitKernel:
    """One step of the spec's optimizer as one pass over the flat arrays; it gives the numbers kept."""
    graph = optimise(lower_update(setting), 0, lambda name, graph: None)
    results = dict(graph.outputs)
    kernel = Kernel("update", graph, _computed(graph), tuple(results.values()))
    leaves = {n.id: str(n.attr("name")) for n in graph if n.op == "input"}
    namer = Namer({*target.words, *leaves.values()})
    places, arrays = {}, {}
    for purpose, i in results.items():
        name = purpose.rpartition(":")[2] if purpose != "param" else "p"
        if graph[i].type.rank:
            places[i] = f"flat.{name}"
            arrays[places[i]] = (name, "")
    writer = KernelWriter(target, kernel, namer, leaves, places, {}, {}, Rooms(), frozenset())
    writer.arrays.update(arrays)
    statements = writer.write()
    numbers = [writer.scalar_text(i).code for i in graph.outputs_for("number").values()]
    return finished(writer, statements, numbers)


def _computed(graph: Graph) -> tuple[Node, ...]:
    return tuple(n for n in graph if n.op not in LEAVES)
