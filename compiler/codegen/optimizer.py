"""The optimizer's step as statements: over each parameter at -O0, over one flat array at -O1."""

from __future__ import annotations

from ..ir.layer_graph import Setting
from ..ir.op_graph import Graph, Node
from ..lower.optimizers import lower_update
from ..optimizers import OPTIMIZERS
from ..passes.pipeline import optimise
from ..program.buffers import KernelPlan, stored
from ..program.kernels import Kernel
from ..program.names import Namer
from ..program.statements import Assign, Statement
from .buffered import buffered
from .frame import Frame, heading, named_nodes
from .target import Target, Text
from .view import OptimizerView

WORK = "work"
"""What the flat step calls the object that holds its arrays."""


def optimizer_view(setting: Setting, level: int, target: Target) -> OptimizerView:
    """The step of the spec's optimizer."""
    kind = OPTIMIZERS[setting.kind]
    graph = optimise(lower_update(setting), 0, lambda name, graph: None)
    results = dict(graph.outputs)
    kernel = Kernel("update", graph, _needed(graph), tuple(results.values()))
    names = {i: n.rpartition(":")[2] if n != "param" else "p" for n, i in results.items()}
    frame = Frame(target, graph)
    for node in graph:
        if node.op == "input":
            frame.texts[node.id] = Text(str(node.attr("name")))
    if level == 1:
        before: list[Statement] = []
        statements, work = _flat(kernel, frame, names)
    else:
        before, statements = _each(kernel, frame, names)
        work = 0
    slots = tuple(graph.outputs_for("slot"))
    return OptimizerView(
        kind=setting.kind,
        slots=slots,
        starts={slot: _start(setting, kind.starts.get(slot)) for slot in slots},
        numbers={name: kind.numbers[name] for name in graph.outputs_for("number")},
        before=tuple(before),
        statements=tuple(statements),
        work=work,
        where=heading(kernel.nodes[-1].origin),
        formula=kind.formula,
        uses_step=any(
            n.op == "input" and n.attr("name") == "step" and graph.users[n.id] for n in graph
        ),
    )


def _start(setting: Setting, argument: str | None) -> float:
    return float(str(setting.args[argument])) if argument else 0.0


def _needed(graph: Graph) -> tuple[Node, ...]:
    return tuple(n for n in graph if n.op != "input")


def _each(
    kernel: Kernel, frame: Frame, names: dict[int, str]
) -> tuple[list[Statement], list[Statement]]:
    """What is computed once in a step, and the formulas for one parameter p with its gradient g.

    Results are written into p and the slots.
    """
    once: list[Statement] = []
    each: list[Statement] = []
    named = named_nodes(kernel)
    for node in kernel.nodes:
        if node.id not in named:
            continue
        name = names.setdefault(node.id, node.origin.hint or f"t{node.id}")
        if node.type.rank:
            each.append(_store(kernel, frame, node, name))
        else:
            once.append(Assign(name, frame.expression(node).code, node.origin.formula))
        frame.texts[node.id] = Text(name)
    return once, each


def _store(kernel: Kernel, frame: Frame, node: Node, name: str) -> Assign:
    note = node.origin.formula
    if node.id not in kernel.results:
        return Assign(name, frame.expression(node).code, note)
    operator = frame.target.in_place(node.op)
    if operator in ("+=", "-=") and frame.text(node.inputs[0]).code == name:
        return Assign(name, frame.text(node.inputs[1]).code, note, op=operator)
    return Assign(f"{name}[...]", frame.expression(node).code, note)


def _flat(kernel: Kernel, frame: Frame, names: dict[int, str]) -> tuple[list[Statement], int]:
    """Calls on whole flat arrays, with as few helper arrays as lives allow."""
    plan, count, namer = KernelPlan(), 0, Namer(t.code for t in frame.texts.values())
    last = {i: at for at, node in enumerate(kernel.nodes) for i in node.inputs}
    leaves = {frame.texts[n.id].code: n.id for n in kernel.graph if n.op == "input"}
    early = _early(kernel, names, leaves, last)
    free: list[str] = []
    for at, node in enumerate(kernel.nodes):
        if not stored(node):
            names.setdefault(node.id, namer.fresh(node.origin.hint or node.op))
            continue
        dying = [
            i
            for i in dict.fromkeys(node.inputs)
            if plan.of.get(i, "").startswith(WORK) and last.get(i) == at
        ]
        if node.id in kernel.results or node.id in early:
            name = plan.of[node.id] = early.get(node.id) or names[node.id]
            own = [i for i in node.inputs if i == leaves[name] or plan.of.get(i) == name]
            if own:
                plan.replaces[node.id] = own[0]
            free += [plan.of[i] for i in dying]
            continue
        if dying:
            plan.of[node.id], plan.replaces[node.id] = plan.of[dying[0]], dying[0]
        elif free:
            plan.of[node.id] = free.pop()
        else:
            count += 1
            plan.of[node.id] = f"{WORK}.temp{count}"
        free += [plan.of[i] for i in dying[1:]]
        names.setdefault(node.id, namer.fresh(node.origin.hint or f"temp{count}"))
    given = {i: text.code for i, text in frame.texts.items()}
    return buffered(kernel, frame, names, plan, given)[1:], count


def _early(
    kernel: Kernel, names: dict[int, str], leaves: dict[str, int], last: dict[int, int]
) -> dict[int, str]:
    """The first halves of results, such as β v, that may be written over the old value at once."""
    found: dict[int, str] = {}
    position = {node.id: at for at, node in enumerate(kernel.nodes)}
    for result in kernel.results:
        if not stored(kernel.graph[result]):
            continue
        leaf = leaves[names[result]]
        for i in kernel.graph[result].inputs:
            node = kernel.graph[i]
            alone = stored(node) and i not in kernel.results and kernel.graph.users[i] == [result]
            if alone and leaf in node.inputs and last[leaf] == position[i]:
                found[i] = names[result]
    return found
