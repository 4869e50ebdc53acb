"""The optimizer's step as statements: over each parameter at -O0, over one flat array at -O1."""

from __future__ import annotations

from ..ir.layer_graph import Setting
from ..ir.op_graph import Graph, Node
from ..lower.optimizers import lower_update
from ..optimizers import OPTIMIZERS
from ..passes.pipeline import optimise
from ..schedule.buffers import KernelPlan, stored
from ..schedule.kernels import Kernel
from ..schedule.names import Namer
from ..schedule.statements import Assign, Statement
from .buffered import buffered
from .frame import Frame, heading, named_nodes
from .target import Target, Text
from .view import OptimizerView

WORK = "work"
"""What the flat step calls the object that holds its arrays."""


def optimizer_view(setting: Setting, level: int, target: Target) -> OptimizerView:
    """The step of the spec's optimizer."""
    graph = optimise(lower_update(setting), 0, lambda name, graph: None)
    results = dict(graph.outputs)
    needed = _needed(graph)
    kernel = Kernel("update", graph, needed, tuple(results.values()))
    names = {i: n.removeprefix("slot:") if n != "param" else "p" for n, i in results.items()}
    frame = Frame(target, graph)
    for node in graph:
        if node.op == "input":
            frame.texts[node.id] = Text(str(node.attr("name")))
    if level == 1:
        statements, work = _flat(kernel, frame, names)
    else:
        statements, work = _each(kernel, frame, names), 0
    rate = setting.args.get("lr")
    return OptimizerView(
        kind=setting.kind,
        slots=tuple(n.removeprefix("slot:") for n in results if n.startswith("slot:")),
        statements=tuple(statements),
        work=work,
        rate=float(rate) if isinstance(rate, (int, float)) else None,
        where=_where(kernel),
        formula=OPTIMIZERS[setting.kind].formula,
        uses_step=any(
            n.op == "input" and n.attr("name") == "step" and graph.users[n.id] for n in graph
        ),
    )


def _where(kernel: Kernel) -> str:
    return heading(kernel.nodes[-1].origin)


def _needed(graph: Graph) -> tuple[Node, ...]:
    return tuple(n for n in graph if n.op != "input")


def _each(kernel: Kernel, frame: Frame, names: dict[int, str]) -> list[Statement]:
    """Formulas for one parameter p with its gradient g; results are written into p and the slots."""
    statements: list[Statement] = []
    named = named_nodes(kernel)
    for node in kernel.nodes:
        if node.id not in named:
            continue
        name = names.setdefault(node.id, node.origin.hint or f"t{node.id}")
        statements.append(_store(kernel, frame, node, name))
        frame.texts[node.id] = Text(name)
    return statements


def _store(kernel: Kernel, frame: Frame, node: Node, name: str) -> Assign:
    note = node.origin.formula
    if node.id not in kernel.results:
        return Assign(name, frame.expression(node).code, note)
    if node.op == "sub" and frame.text(node.inputs[0]).code == name:
        return Assign(name, frame.text(node.inputs[1]).code, note, op="-=")
    return Assign(f"{name}[...]", frame.expression(node).code, note)


def _flat(kernel: Kernel, frame: Frame, names: dict[int, str]) -> tuple[list[Statement], int]:
    """Calls on whole flat arrays, with as few helper arrays as lives allow."""
    plan, count, namer = KernelPlan(), 0, Namer(t.code for t in frame.texts.values())
    last = {i: at for at, node in enumerate(kernel.nodes) for i in node.inputs}
    leaves = {frame.texts[n.id].code: n.id for n in kernel.graph if n.op == "input"}
    for at, node in enumerate(kernel.nodes):
        if not stored(node):
            continue
        if node.id in kernel.results:
            plan.of[node.id] = names[node.id]
            if leaves[names[node.id]] in node.inputs:
                plan.replaces[node.id] = leaves[names[node.id]]
            continue
        dying = [
            i for i in node.inputs if plan.of.get(i, "").startswith(WORK) and last.get(i) == at
        ]
        if dying:
            plan.of[node.id], plan.replaces[node.id] = plan.of[dying[0]], dying[0]
        else:
            count += 1
            plan.of[node.id] = f"{WORK}.temp{count}"
        names.setdefault(node.id, namer.fresh(node.origin.hint or f"temp{count}"))
    given = {i: text.code for i, text in frame.texts.items()}
    return buffered(kernel, frame, names, plan, given)[1:], count
