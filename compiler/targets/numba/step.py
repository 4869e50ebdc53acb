"""Template views of compiled kernels: arguments, places, loops; None if not compilable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...ir.layer_graph import Parameter
from ...ir.op_graph import Graph, Node, Role
from ...ops.source import LEAVES, RANDOM
from ...program.kernels import Kernel
from ...program.names import Namer
from ...program.places import Updated
from ...program.update import UpdatePlan
from ..numpy.names import Names
from ..text import op_view
from ..uses import recording
from .arguments import Given
from .arrays import CannotJit, Declared, Drawn, JitPlace, Outside, ParamPlace, Rooms, Scalar
from .choices import Value
from .forms import KernelForms
from .kernel import KernelWriter, kernel_writer
from .text import PartText
from .view import Draw, JitKernel, JitPart, JitView, Needs

DTYPES = {"work": "DTYPE", "flags": "np.bool_", "counts": "np.int64"}
"""The dtypes of the work arrays, as source."""


GIVEN = ("lengths", "state", "train")
"""Leaves that only some models have."""


def step_view(names: Names, params: Sequence[Parameter], target: KernelForms) -> JitView | None:
    """Return the kernels of a training step, or None if one of them cannot be compiled."""
    kernels = names.kernels
    if names.level == 0 or kernels.loss is None or kernels.backward is None or not params:
        return None
    if kernels.vjp or kernels.row_vjp:  # these read the cache's arrays by name
        return None
    if any(n.op == "mask_steps" and n.origin.role is Role.LOSS for n in names.graph):
        return None  # padded targets need the lengths that forward computes
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
    draws = tuple(_draw(names, target, names.graph[i], place, rooms) for i, place in drawn.items())
    sizes = tuple((name, str(size), DTYPES[name]) for name, size in rooms.sizes.items())
    return JitView(forward, loss, backward, sizes, draws, tuple(given.values()))


def given_leaf(names: Names, node: Node) -> Given:
    """Return lengths, state or the training flag as an argument of kernels."""
    name = node.word("name")
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
    """Return the places of parameters in the flat array: in order, with frozen ones at the end."""
    places, start = {}, 0
    for p in sorted(params, key=lambda p: p.frozen):
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
    outside = Outside(leaves, places, names.places, names.constants, params)
    kept = {} if kernel.name == "forward" else slots
    writer = kernel_writer(target, kernel, names.namer.copy(), outside, rooms, kept)
    writer.write(in_parts=True)
    if kernel.name == "forward":
        writer.keep_scalars(slots)
    elif kernel.name == "backward":
        writer.copy_gradients(graph.outputs_for("grad"))
    writer.parts.end()
    results: list[Value] = []
    if kernel.name == "forward":
        results = [_output(writer, graph, i) for i in graph.outputs_for("out").values()]
    elif kernel.name == "loss":
        results = [writer.scalars.value(i) for i in graph.outputs_for("loss").values()]
    return finished(writer, results)


def finished(writer: KernelWriter, results: Sequence[Value]) -> JitKernel:
    """Return the text of a kernel's parts, each with the sizes and arrays that it uses."""
    with recording() as used:
        kernel = _texts(writer, results)
    return replace(kernel, uses=frozenset(used))


def _texts(writer: KernelWriter, results: Sequence[Value]) -> JitKernel:
    arrays = list(writer.arrays.declared.values())
    around = PartText(writer.forms)
    texts = tuple(around.code(value) for value in results)
    parts = []
    for part in writer.parts.done:
        text = PartText(writer.forms)
        body = text.statements(part.statements)
        if len(writer.parts.done) == 1:
            text.recorder.uses.add(around.recorder.uses)
        if not part.compiled:
            around.recorder.uses.add(text.recorder.uses)
        parts.append(JitPart(part.compiled, _needs(text, arrays), body))
    return JitKernel(tuple(parts), _needs(around, arrays), texts)


def _needs(text: PartText, arrays: Sequence[Declared]) -> Needs:
    """Return the names that a text uses, and the helpers of its array declarations."""
    declared, uses = text.declared(arrays), text.recorder.uses
    return Needs(frozenset(uses.sizes), uses.casts, declared)


def _output(writer: KernelWriter, graph: Graph, i: int) -> Value:
    if graph[i].type.rank == 0:
        raise CannotJit(graph[i].op)
    return writer.views.whole(i).array


def _draw(names: Names, target: KernelForms, node: Node, place: Drawn, rooms: Rooms) -> Draw:
    """Return the drawing of one array of random numbers; the ops' order is kept."""
    room = rooms.view(place, node.type.shape, node.type.dtype)
    view = op_view(node, [f"c.{place.name}"], [node.type.shape])
    macro = getattr(target.expressions, f"{node.op}_op")
    with recording() as used:
        texts = PartText(target).view(room), str(macro(view)), str(macro(view, "True"))
    return Draw(place.name, *texts, frozenset(used))


def update_kernel(update: UpdatePlan, target: KernelForms) -> JitKernel:
    """Return one optimizer step as one pass over the flat arrays; it returns the scalars kept."""
    kernel, graph = update.kernel, update.kernel.graph
    leaves = {n.id: n.word("name") for n in graph if n.op == "input"}
    namer = Namer({*target.words, *leaves.values()})
    places = {i: Updated(name) for i, name in update.names.items() if graph[i].type.rank}
    outside = Outside(leaves, places, {}, {}, {})
    writer = kernel_writer(target, kernel, namer, outside, Rooms())
    for place in places.values():
        writer.arrays.declared[place] = Declared(place.name, None)
    writer.write()
    numbers = [writer.scalars.value(i) for i in graph.outputs_for("number").values()]
    writer.parts.end()
    return finished(writer, numbers)
