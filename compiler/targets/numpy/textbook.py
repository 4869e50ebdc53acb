"""-O0: one statement a formula, nothing fused, nothing reused; also every level's predict."""

from __future__ import annotations

from ...ir.op_graph import Node, Origin
from ...ops import OPS
from ...program.kernels import Kernel
from ...program.statements import Statement
from ..text import Text
from .frame import Frame, assigned, comment, named_nodes, with_headings


def textbook(kernel: Kernel, frame: Frame, names: dict[int, str]) -> list[Statement]:
    """The kernel's statements; the frame learns the names of the values they compute."""
    named = named_nodes(kernel)
    items: list[tuple[Origin, Statement]] = []
    for node in kernel.nodes:
        if node.id not in named:
            continue
        text, note = frame.expression(node), comment(node, explained(kernel, node, named).formula)
        items.append((node.origin, assigned(names[node.id], text, note)))
        frame.texts[node.id] = Text(names[node.id])
    return with_headings(items)


def explained(kernel: Kernel, node: Node, named: set[int]) -> Origin:
    """The origin whose formula the statement shows: the op's own, or that of an op it reshapes."""
    here = node
    while not here.origin.formula and OPS[here.op].view:
        inner = kernel.graph[here.inputs[0]]
        if inner.id in named or inner.origin.role is not node.origin.role:
            break
        here = inner
    return here.origin if here.origin.formula else node.origin
