"""-O0: one statement a formula, nothing fused, nothing reused; also every level's predict."""

from __future__ import annotations

from ...ir.op_graph import Node, Origin
from ...ops import OPS
from ...program.kernels import Kernel
from ...program.statements import Assign, Statement
from ..text import Text
from .frame import Frame, comment, named_nodes, with_headings

IN_WORDS = {
    "reshape": "the same numbers in another shape",
    "transpose": "the axes in another order",
    "sum": "summed over the other axes",
    "scale": "times a constant",
    "split_heads": "the heads apart",
    "embed": "zeros around a part",
    "as_real": "ids as numbers",
    "mask_steps": "zeros in place of padding",
    "exclude_steps": "−∞ in place of padding",
    "window_lengths": "how long each row is behind the windows",
}
"""What values without a formula are, for those who read without the code; it says the same."""


def textbook(kernel: Kernel, frame: Frame, names: dict[int, str]) -> list[Statement]:
    """The kernel's statements; the frame learns the names of the values they compute."""
    named = named_nodes(kernel)
    items: list[tuple[Origin, Statement]] = []
    for node in kernel.nodes:
        if node.id not in named:
            continue
        code, formula = frame.expression(node).code, explained(kernel, node, named).formula
        said = formula or IN_WORDS.get(node.op, "")
        assign = Assign(names[node.id], code, comment(node, formula), formula=said)
        items.append((node.origin, assign))
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
