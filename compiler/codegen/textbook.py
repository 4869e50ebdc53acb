"""-O0: one statement a formula, nothing fused, nothing reused; also every level's predict."""

from __future__ import annotations

from ..ir.op_graph import Node, Origin
from ..schedule.kernels import Kernel
from ..schedule.statements import Assign, Statement
from .frame import Frame, comment, named_nodes, with_headings
from .target import Text


def textbook(kernel: Kernel, frame: Frame, names: dict[int, str]) -> list[Statement]:
    """The kernel's statements; the frame learns the names of the values they compute."""
    named = named_nodes(kernel)
    items: list[tuple[Origin, Statement]] = []
    for node in kernel.nodes:
        if node.id not in named:
            continue
        code = frame.expression(node).code
        items.append(
            (
                node.origin,
                Assign(names[node.id], code, comment(node, explained(kernel, node, named).formula)),
            )
        )
        frame.texts[node.id] = Text(names[node.id])
    return with_headings(items)


def explained(kernel: Kernel, node: Node, named: set[int]) -> Origin:
    """The origin whose formula the statement shows: the op's own, or that of an op inside it."""
    todo, origin = [node], node.origin
    while todo and not origin.formula:
        here = todo.pop(0)
        inner = [kernel.graph[i] for i in here.inputs if i not in named]
        inner = [n for n in inner if n.origin.role is node.origin.role]
        formulas = [n.origin for n in inner if n.origin.formula]
        if formulas:
            return formulas[0]
        todo += inner
    return origin
