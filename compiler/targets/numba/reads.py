"""The readers of a kernel's values, and the values that loops must store for them."""

from __future__ import annotations

from collections.abc import Mapping

from ...ir.op_graph import Node
from ...program.kernels import Kernel
from ...program.loops import Nest, Step, by_row, is_inline

OUTSIDE = -1
"""The reader of a kernel's results."""

Readers = Mapping[int, set[int]]
"""For every value, the ops that read it."""


def readers_of(kernel: Kernel) -> Readers:
    """Return the ops that read each value, also through views and scalars."""
    readers: dict[int, set[int]] = {}

    def read(i: int, by: int) -> None:
        readers.setdefault(i, set()).add(by)
        if is_inline(kernel.graph[i]):
            for j in kernel.graph[i].inputs:
                read(j, by)

    for node in kernel.nodes:
        if not is_inline(node):
            for i in node.inputs:
                read(i, node.id)
    for i in kernel.results:
        read(i, OUTSIDE)
    return readers


def is_stored(kernel: Kernel, readers: Readers, nest: Nest, step: Step, node: Node) -> bool:
    """Return whether a value has a reader outside its step, so that it must be stored."""
    rows = by_row(kernel.graph, node) or not step.entries
    near = nest.nodes if rows else step.nodes
    return bool(readers.get(node.id, set()) - {n.id for n in near})


def is_read_once(readers: Readers, node: Node, step: Step) -> bool:
    """Return whether an unnamed value is read once, and so is written inline there."""
    uses = sum(i == node.id for n in step.nodes for i in n.inputs)
    return (
        uses == 1
        and not node.origin.hint
        and readers[node.id] <= {n.id for n in step.nodes if node.id in n.inputs}
    )
