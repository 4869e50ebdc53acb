"""The optimizer step as statements: over each parameter at -O0, over one flat array at -O1."""

from __future__ import annotations

from ...ir.layer_graph import Setting
from ...ir.op_graph import Graph, Node
from ...ir.reading import number
from ...lower.optimizers import DECAY
from ...optimizers import OPTIMIZERS
from ...program.buffers import stored
from ...program.kernels import Kernel
from ...program.names import Namer
from ...program.places import Temporary
from ...program.statements import Assign, Statement
from ...program.update import UpdatePlan
from ..target import Target
from ..text import Text
from .buffered import buffered
from .frame import Frame, assigned, heading, named_nodes
from .function_views import OptimizerView
from .names import update_place

WORK = "work"
"""The variable of the flat step's work arrays."""


def optimizer_view(
    setting: Setting, update: UpdatePlan, level: int, target: Target
) -> OptimizerView:
    """Return the view of the spec's optimizer step."""
    kind, kernel = OPTIMIZERS[setting.kind], update.kernel
    graph, names = kernel.graph, dict(update.names)
    frame = Frame(target, graph)
    for node in graph:
        if node.op == "input":
            frame.texts[node.id] = Text(node.word("name"))
    if level == 1:
        before: list[Statement] = []
        statements = _flat(update, frame, names)
    else:
        before, statements = _each(kernel, frame, names)
    slots = tuple(graph.outputs_for("slot"))
    return OptimizerView(
        kind=setting.kind,
        slots=slots,
        starts={slot: _start(setting, kind.starts.get(slot)) for slot in slots},
        numbers={name: kind.numbers[name] for name in graph.outputs_for("number")},
        before=tuple(before),
        statements=tuple(statements),
        work=update.temporaries,
        where=heading(kernel.nodes[-1].origin),
        formula=kind.formula,
        uses_step=_reads(graph, "step"),
        decay=number(setting.args["weight_decay"]) if _reads(graph, DECAY) else None,
    )


def _reads(graph: Graph, name: str) -> bool:
    """Return whether the step reads this leaf."""
    return any(n.op == "input" and n.attr("name") == name and graph.users[n.id] for n in graph)


def _start(setting: Setting, argument: str | None) -> float:
    return number(setting.args[argument]) if argument else 0.0


def _each(
    kernel: Kernel, frame: Frame, names: dict[int, str]
) -> tuple[list[Statement], list[Statement]]:
    """Return the statements once per step, and the formulas for one parameter p with gradient g.

    Results are written into p and the slots."""
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
            once.append(assigned(name, frame.expression(node), node.origin.formula))
        frame.texts[node.id] = Text(name)
    return once, each


def _store(kernel: Kernel, frame: Frame, node: Node, name: str) -> Assign:
    note = node.origin.formula
    if node.id not in kernel.results:
        return assigned(name, frame.expression(node), note)
    operator = frame.target.in_place(node.op)
    if operator in ("+=", "-=") and frame.text(node.inputs[0]).code == name:
        return assigned(name, frame.text(node.inputs[1]), note, operator)
    return assigned(f"{name}[...]", frame.expression(node), note)


def _flat(update: UpdatePlan, frame: Frame, names: dict[int, str]) -> list[Statement]:
    """Return the calls on whole flat arrays."""
    plan, namer, count = update.plan, Namer(t.code for t in frame.texts.values()), 0
    frame.places = {place: update_place(place, WORK) for place in plan.of.values()}
    for node in update.kernel.nodes:
        place = plan.of.get(node.id)
        if not stored(node):
            names.setdefault(node.id, namer.fresh(node.origin.hint or node.op))
        elif isinstance(place, Temporary):
            count = max(count, place.number)
            names.setdefault(node.id, namer.fresh(node.origin.hint or f"temp{count}"))
    given = {i: text.code for i, text in frame.texts.items()}
    return buffered(update.kernel, frame, names, plan, given)[1:]
