"""`predict` as one compiled function of the parameters' own arrays, which allocates its results."""

from __future__ import annotations

from collections.abc import Sequence

from ...ir.layer_graph import Parameter
from ...ir.op_graph import Graph, Node
from ...ops.source import LEAVES
from ...passes.pipeline import Function
from ...program.buffers import Plan, root
from ...program.program import Program
from ..numpy.bodies import repeated
from ..numpy.names import Names, inner_names
from .arrays import CannotJit, Declared, Outside, ParamArray, Rooms
from .choices import Empty, Value, View
from .forms import KernelForms
from .kernel import KernelWriter, kernel_writer
from .step import DTYPES, finished, given_leaf, param_places
from .view import JitPredict, PredictParam

LONGEST = 120
"""Most loops and ops on whole arrays of a compiled predict: these take 15 to 20 s to compile."""


def predict_view(outer: Names, program: Program, target: KernelForms) -> JitPredict | None:
    """Return the kernel of predict, or None if it cannot be compiled as a whole."""
    if Function.FUSED_PREDICT not in program.planned:
        return None
    names = inner_names(outer, program, Function.FUSED_PREDICT)
    try:
        return _written(names, program.typed.params, target)
    except CannotJit:
        return None


def _written(names: Names, params: Sequence[Parameter], target: KernelForms) -> JitPredict:
    graph, kernel = names.graph, names.kernels.forward
    given = {n.id: given_leaf(names, n) for n in graph if n.op in ("lengths", "state")}
    leaves = {n.id: names.names[n.id] for n in graph if n.op == "input"}
    leaves.update({i: g.name for i, g in given.items()})
    rooms = Rooms()
    places = names.plan.kernels[kernel.name].of
    outside = Outside(leaves, places, names.places, names.constants, param_places(names, params))
    writer = kernel_writer(target, kernel, names.namer.copy(), outside, rooms)
    if len(writer.items()) > LONGEST:
        raise CannotJit("a kernel that takes long to compile")
    own = [_argument(writer, p, graph) for p in params]
    _own_results(writer, graph, names.plan)
    writer.write()
    results = _results(writer, graph)
    writer.parts.end()
    if writer.parts.calls_python:
        raise CannotJit("a function of Python's")
    sizes = tuple((name, str(n), DTYPES[name]) for name, n in rooms.sizes.items())
    arguments = tuple(p for p in own if p is not None)
    return JitPredict(finished(writer, results), arguments, tuple(given.values()), sizes)


def _argument(writer: KernelWriter, param: Parameter, graph: Graph) -> PredictParam | None:
    """Return a parameter as the kernel's argument; None where predict does not read it."""
    if not any(_is_param(n, param.name) for n in graph):
        return None
    name = writer.arrays.namer.fresh(param.name)
    writer.arrays.declared[ParamArray("p", param.name)] = Declared(name, None)
    layout = "in_columns" if writer.arrays.outside.params[param.name].by_columns else "in_order"
    return PredictParam(param.name, name, "gapless" if _only_multiplies(graph, param) else layout)


def _only_multiplies(graph: Graph, param: Parameter) -> bool:
    """Return whether a parameter is only a right operand of products, which take any order."""
    own = {n.id for n in graph if _is_param(n, param.name)}
    own |= {n.id for n in graph if n.op == "transpose" and n.type.rank == 2 and n.inputs[0] in own}
    readers = [n for n in graph if own & set(n.inputs) and n.id not in own]
    return all(n.op == "matmul" and n.inputs[0] not in own for n in readers)


def _is_param(node: Node, name: str) -> bool:
    return node.op == "param" and node.attr("name") == name


def _own_results(writer: KernelWriter, graph: Graph, plan: Plan) -> None:
    """Give results their own arrays, so that they do not keep the work array alive."""
    for i in graph.outputs.values():
        place = plan.kernels["forward"].of.get(root(graph, i))
        if place is not None:
            name = writer.arrays.outside.place_names[place].name
            writer.arrays.declared[place] = Declared(name, Empty(plan.buffers[place].shape))


def _results(writer: KernelWriter, graph: Graph) -> list[Value]:
    """Return the outputs, copied where they are inputs, duplicates, or repeated entries."""
    taken: set[int] = set()
    results: list[Value] = []
    for i in graph.outputs.values():
        base = root(graph, i)
        if graph[i].type.rank == 0:
            raise CannotJit(graph[i].op)
        array = writer.views.whole(i).array
        shared = base in taken or graph[base].op in (*LEAVES, "const") or repeated(graph, i)
        results.append(View("copied", array) if shared else array)
        taken.add(base)
    return results
