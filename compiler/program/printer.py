"""Programs as stable text, for people, tests and --dump-program."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.dims import array_text
from ..ir.op_graph import Graph, Node
from ..ir.printer import node_text
from ..ops.source import LEAVES
from ..passes.pipeline import Function
from .buffers import Plan
from .kernels import Kernel
from .program import Planned, Program
from .update import UpdatePlan


def program_text(program: Program) -> str:
    """Return every function with its kernels, the places of values, and the cache's content."""
    columns = [p.name for p in program.typed.params if p.name not in program.by_rows]
    lines = [f"by columns: {', '.join(columns)}"] if columns else []
    for function, planned in program.planned.items():
        lines += ["", f"function {function.value}", *_planned_lines(planned)]
    if program.update is not None:
        lines += ["", f"function {Function.UPDATE.value}", *_update_lines(program.update)]
    return "\n".join(lines).lstrip("\n") + "\n"


def _planned_lines(planned: Planned) -> Iterator[str]:
    kernels = planned.kernels
    yield from _given_lines(kernels.graph)
    for kernel in (kernels.forward, *kernels.behind):
        yield f"  kernel {kernel.name}"
        yield from _kernel_lines(kernel, planned.plan)
    if kernels.cached:
        yield f"  kept by forward: {', '.join(f'%{i}' for i in kernels.cached)}"
    for place, buffer in planned.plan.buffers.items():
        yield f"  array {place} : {array_text(buffer.shape)} {buffer.dtype.value}"
    yield from (f"  {name} = %{id}" for name, id in kernels.graph.outputs.items())


def _given_lines(graph: Graph) -> Iterator[str]:
    """Yield the leaves."""
    yield "  given"
    yield from (f"    {node_text(node)}" for node in graph if node.op in LEAVES)


def _kernel_lines(kernel: Kernel, plan: Plan) -> Iterator[str]:
    own = plan.kernels.get(kernel.name)
    for node in kernel.nodes:
        place = own.of.get(node.id) if own else None
        over = own.replaces.get(node.id) if own else None
        yield f"    {_value_text(node, str(place) if place else '', over)}"


def _update_lines(update: UpdatePlan) -> Iterator[str]:
    yield from _given_lines(update.kernel.graph)
    yield "  kernel update"
    for node in update.kernel.nodes:
        place = update.plan.of.get(node.id)
        over = update.plan.replaces.get(node.id)
        yield f"    {_value_text(node, str(place) if place else '', over)}"
    yield from (f"  {name} = %{id}" for name, id in update.kernel.graph.outputs.items())


def _value_text(node: Node, place: str, over: int | None) -> str:
    where = f"in {place}" if place else ""
    if over is not None:
        where += f", over %{over}"
    return f"{node_text(node):<60}  # {where}" if where else node_text(node)
