"""Mutants of a graph: the same nodes with the same ids, except for a few changed ones.

    before  %36 = mul(%33, %35)          as d_dense1_z
    after   %36 = copied(%31)            the derivative is missing

Because ids are stable, a mutant reuses values of its original (Evaluation.of), changes can be
combined, and the names of tensors are valid in all mutants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..ir.op_graph import Attr, Graph, Node, Role
from ..ops import OPS


class Circular(Exception):
    """A change would make a value depend on itself."""


@dataclass(slots=True)
class Edit:
    """Changes of a graph in progress; new nodes have the origin of the changed node."""

    nodes: dict[int, Node]
    next: int

    @classmethod
    def of(cls, graph: Graph) -> Edit:
        """Return an edit without changes."""
        return cls(dict(graph.by_id), max(graph.by_id) + 1)

    def emit(self, like: int, op: str, *inputs: int, **attrs: Attr) -> int:
        """Add a node with the origin of `like`."""
        types = tuple(self.nodes[i].type for i in inputs)
        type = OPS[op].infer(types, attrs)
        origin = self.nodes[like].origin.wordless()
        kept = tuple(sorted(attrs.items()))
        self.nodes[self.next] = Node(self.next, op, inputs, kept, type, origin)
        self.next += 1
        return self.next - 1

    def apply(self, like: int, op: str, *inputs: int, **attrs: Attr) -> int:
        """Add a node with the type of `like`, although its value may have another shape."""
        type = self.nodes[like].type
        origin = self.nodes[like].origin.wordless()
        self.nodes[self.next] = Node(
            self.next, op, inputs, tuple(sorted(attrs.items())), type, origin
        )
        self.next += 1
        return self.next - 1

    def pass_through(self, id: int, op: str, **attrs: Attr) -> None:
        """Apply an op of mutants to a node's value."""
        self.become(id, self.apply(id, op, self.original(id), **attrs))

    def computed_by(self, id: int, op: str, **attrs: Attr) -> None:
        """Compute a node by another op from the same operands, with additional attributes.

        Raises ValueError if the node was changed already and has other operands.
        """
        node = self.nodes[id]
        if node.op == "copied":
            raise ValueError(f"%{id} has been changed already")
        merged = tuple(sorted({**dict(node.attrs), **attrs}.items()))
        self.nodes[id] = replace(node, op=op, attrs=merged)

    def number(self, like: int, value: float) -> int:
        """Add a constant."""
        return self.emit(like, "const", value=float(value), shape=())

    def times(self, id: int, factor: float) -> int:
        """Add a node: a value times a number."""
        return self.emit(id, "scale", id, factor=float(factor), over=1)

    def original(self, id: int) -> int:
        """Copy a node's current definition to a new id."""
        node = self.nodes[id]
        self.nodes[self.next] = replace(node, id=self.next)
        self.next += 1
        return self.next - 1

    def become(self, id: int, other: int) -> None:
        """Give a node the value of another one."""
        node = self.nodes[id]
        self.nodes[id] = replace(node, op="copied", inputs=(other,), attrs=())

    def become_rows(self, id: int, rows: tuple[int, ...]) -> None:
        """Reorder or select the rows of a node's value."""
        self.become(id, self.apply(id, "rows_at", self.original(id), rows=rows))

    def scale(self, id: int, factor: float) -> None:
        """Multiply a node's value by a factor."""
        self.become(id, self.times(self.original(id), factor))

    def redirect(self, old: int, new: int, role: Role) -> None:
        """Replace a value in the operands of all nodes of one role."""
        for node in list(self.nodes.values()):
            if node.origin.role is role and old in node.inputs and node.id != new:
                inputs = tuple(new if i == old else i for i in node.inputs)
                self.nodes[node.id] = replace(node, inputs=inputs)

    def reroute(self, id: int, old: int, new: int) -> None:
        """Replace a value in the operands of one node."""
        inputs = tuple(new if i == old else i for i in self.nodes[id].inputs)
        self.nodes[id] = replace(self.nodes[id], inputs=inputs)

    def clone(self, id: int, instead: Mapping[int, int]) -> int:
        """Copy the computation of a value, with some of the values it depends on replaced."""
        made = dict(instead)
        for node in self._depending(id, set(instead)):
            inputs = tuple(made.get(i, i) for i in node.inputs)
            self.nodes[self.next] = replace(node, id=self.next, inputs=inputs)
            made[node.id] = self.next
            self.next += 1
        return made.get(id, id)

    def _depending(self, id: int, on: set[int]) -> list[Node]:
        """Return the nodes between some values and one that depends on them, in order."""
        found: dict[int, bool] = dict.fromkeys(on, True)
        order: list[Node] = []
        stack = [(id, False)]
        while stack:
            at, ready = stack.pop()
            node = self.nodes[at]
            if ready:
                found[at] = any(found[i] for i in node.inputs)
                if found[at]:
                    order.append(node)
            elif at not in found:
                found[at] = False
                stack += [(at, True), *((i, False) for i in node.inputs if i not in found)]
        return order

    def graph(self, before: Graph) -> Graph:
        """Return the changed graph, operands first; Circular if a value depends on itself."""
        order: dict[int, Node] = {}
        open_: set[int] = set()
        stack = [(i, False) for i in reversed(self.nodes)]
        while stack:
            at, ready = stack.pop()
            if ready:
                open_.discard(at)
                order[at] = self.nodes[at]
            elif at in open_:
                raise Circular(f"%{at} would depend on itself")
            elif at not in order:
                open_.add(at)
                stack.append((at, True))
                stack += [(i, False) for i in self.nodes[at].inputs if i not in order]
        return Graph(tuple(order.values()), before.outputs, before.batch)
