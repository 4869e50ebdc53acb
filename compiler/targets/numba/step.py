"""What templates see of compiled kernels: arguments, places, loops; None where one cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from ...ir.layer_graph import Parameter
from ...ir.op_graph import Graph, Node, Role
from ...ops.source import LEAVES, RANDOM
from ...program.kernels import Kernel
from ...program.names import Namer
from ...program.places import Updated
from ...program.statements import Call, Statement
from ...program.update import UpdatePlan
from ..numpy.names import Names
from ..text import Text
from .forms import KernelForms
from .view import Draw, Given, JitKernel, JitPart, JitView
from .writer import CannotJit, Drawn, JitPlace, KernelWriter, ParamPlace, Part, Rooms, Scalar

DTYPES = {"work": "DTYPE", "flags": "np.bool_", "counts": "np.int64"}
"""What the rooms hold, as source."""


GIVEN = ("lengths", "state", "train")
"""Leaves that only some models have."""


def step_view(names: Names, params: Sequence[Parameter], target: KernelForms) -> JitView | None:
    """The kernels of a training step, if all of them can be compiled."""
    kernels = names.kernels
    if names.level == 0 or kernels.loss is None or kernels.backward is None or not params:
        return None
    if kernels.vjp or kernels.row_vjp:  # these read the cache's arrays by name
        return None
    if any(n.op == "mask_steps" and n.origin.role is Role.LOSS for n in names.graph):
        return None  # padded targets are taken in only when forward has found their lengths
    rooms, places = Rooms(), param_places(names, params)
    given = {n.id: given_leaf(names, n) for n in names.graph if n.op in GIVEN}
    drawn = {n.id: Drawn(_drawn_name(names, n)) for n in kernels.forward.nodes if _random(n)}
    try:
        forward, loss, backward = (
            _kernel(names, kernel, target, rooms, places, drawn, given)
            for kernel in (kernels.forward, kernels.loss, kernels.backward)
        )
    except CannotJit:
        return None
    draws = tuple(_draw(names, names.graph[i], place, rooms) for i, place in drawn.items())
    sizes = tuple((name, str(size), DTYPES[name]) for name, size in rooms.sizes.items())
    return JitView(forward, loss, backward, sizes, draws, tuple(given.values()))


def given_leaf(names: Names, node: Node) -> Given:
    """Lengths, state and whether this is training, as arguments of kernels."""
    name = str(node.attr("name"))
    match node.op:
        case "state":
            own = names.namer.fresh(name)
            return Given(own, "Array", f"state[{name!r}]", kept=False, rows=False)
        case "lengths":
            own = names.names[node.id]
            return Given(own, "Array", own, kept=True, rows=True)
    return Given("train", "bool", "train", kept=True, rows=False)


def _random(node: Node) -> bool:
    return node.op in RANDOM


def _drawn_name(names: Names, node: Node) -> str:
    return names.names.get(node.id) or names.namer.fresh("drawn")


def param_places(names: Names, params: Sequence[Parameter]) -> dict[str, ParamPlace]:
    """Where the parameters lie in their flat array, in order."""
    places, start = {}, 0
    for p in params:
        columns = len(p.shape) > 1 and p.name not in names.by_rows
        places[p.name] = ParamPlace(start, tuple(p.shape), columns)
        size = 1
        for n in p.shape:
            size *= n
        start += size
    return places


def _kernel(
    names: Names,
    kernel: Kernel,
    target: KernelForms,
    rooms: Rooms,
    params: Mapping[str, ParamPlace],
    drawn: Mapping[int, Drawn],
    given: Mapping[int, Given],
) -> JitKernel:
    graph, plans = names.graph, names.plan.kernels
    leaves = {n.id: names.names[n.id] for n in graph if n.op in ("input", "target")}
    leaves.update({i: g.name for i, g in given.items()})
    slots = {
        i: Scalar(names.names[i])
        for i in names.kernels.cached
        if graph[i].type.rank == 0 and graph[i].op not in LEAVES
    }
    places: dict[int, JitPlace] = {**plans["forward"].of, **plans[kernel.name].of, **drawn}
    writer = KernelWriter(
        target, kernel, names.namer.copy(), leaves, places, names.places, names.constants, params,
        rooms, {} if kernel.name == "forward" else dict(slots), in_parts=True,
    )  # fmt: skip
    writer.write()
    if kernel.name == "forward":
        writer.keep_scalars(slots)
    elif kernel.name == "backward":
        writer.copies(graph.outputs_for("grad"))
    parts = writer.end()
    results: list[str] = []
    if kernel.name == "forward":
        results = [_output(writer, graph, i) for i in graph.outputs_for("out").values()]
    elif kernel.name == "loss":
        results = [writer.scalar_text(i).code for i in graph.outputs_for("loss").values()]
    return finished(writer, parts, results)


def finished(writer: KernelWriter, parts: Sequence[Part], results: Sequence[str]) -> JitKernel:
    """The kernel's parts, each with the sizes and arrays that it mentions."""
    last = list(results)
    made = [_part(writer, part, last if len(parts) == 1 else []) for part in parts]
    around = _needs(writer, [s for p in parts if not p.compiled for s in p.statements], last)
    return JitKernel(tuple(made), *around, tuple(results))


def _part(writer: KernelWriter, part: Part, results: Sequence[str]) -> JitPart:
    words, arrays = _needs(writer, part.statements, results)
    return JitPart(part.compiled, words, arrays, tuple(part.statements))


def _needs(
    writer: KernelWriter, statements: Sequence[Statement], results: Sequence[str]
) -> tuple[frozenset[str], tuple[tuple[str, str], ...]]:
    """The words that occur in some code, and the arrays among them with their texts."""
    code = [*results, *(s.text for s in statements if isinstance(s, Call))]
    words = _words(code)
    arrays = tuple((n, text) for n, text in writer.arrays.values() if text and n in words)
    return words | _words(text for _, text in arrays), arrays


def _words(code: Iterable[str]) -> frozenset[str]:
    return frozenset(re.findall(r"[A-Za-z_]\w*", "\n".join(code)))


def _output(writer: KernelWriter, graph: Graph, i: int) -> str:
    if graph[i].type.rank == 0:
        raise CannotJit(graph[i].op)
    return writer.whole_text(i)[0]


def _draw(names: Names, node: Node, place: Drawn, rooms: Rooms) -> Draw:
    """One array of random numbers, drawn in the order of the ops."""
    name = place.name
    view = rooms.view(place, node.type.shape, node.type.dtype)
    text = names.target.expression(node, [Text(f"c.{name}")], [node.type.shape]).code
    return Draw(name, view, text)


def update_kernel(update: UpdatePlan, target: KernelForms) -> JitKernel:
    """One step of the spec's optimizer as one pass over the flat arrays; it gives the numbers kept."""
    kernel, graph = update.kernel, update.kernel.graph
    leaves = {n.id: str(n.attr("name")) for n in graph if n.op == "input"}
    namer = Namer({*target.words, *leaves.values()})
    places = {i: Updated(name) for i, name in update.names.items() if graph[i].type.rank}
    writer = KernelWriter(target, kernel, namer, leaves, places, {}, {}, {}, Rooms())
    writer.arrays.update({place: (place.name, "") for place in places.values()})
    writer.write()
    numbers = [writer.scalar_text(i).code for i in graph.outputs_for("number").values()]
    return finished(writer, writer.end(), numbers)
