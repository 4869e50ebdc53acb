"""-O0: one statement per formula, without fusion or reuse; also predict at every level."""

from __future__ import annotations

from dataclasses import replace

from ...ir.op_graph import Node, Origin
from ...ops.registry import is_view
from ...program.kernels import Kernel
from ...program.statements import Statement
from ..text import Text
from .frame import Frame, assigned, comment, named_nodes, with_headings

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
"""Texts for values without a formula, for readers of the comments; the code says the same."""


def textbook(kernel: Kernel, frame: Frame, names: dict[int, str]) -> list[Statement]:
    """Return the kernel's statements; the names of computed values are added to the frame."""
    named = named_nodes(kernel)
    items: list[tuple[Origin, Statement]] = []
    for node in kernel.nodes:
        if node.id not in named:
            continue
        text, formula = frame.expression(node), explained(kernel, node, named).formula
        assign = assigned(names[node.id], text, comment(node, formula))
        items.append((node.origin, replace(assign, formula=formula or IN_WORDS.get(node.op, ""))))
        frame.texts[node.id] = Text(names[node.id])
    return with_headings(items)


def explained(kernel: Kernel, node: Node, named: set[int]) -> Origin:
    """Return the origin of the statement's formula: the op's own, or that of an op it reshapes."""
    here = node
    while not here.origin.formula and is_view(here.op):
        inner = kernel.graph[here.inputs[0]]
        if inner.id in named or inner.origin.role is not node.origin.role:
            break
        here = inner
    return here.origin if here.origin.formula else node.origin
