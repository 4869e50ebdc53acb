"""The steps of a nest: the statements for each entry of a row, their variables and stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...ir.op_graph import Graph, Node
from ...ir.types import DType
from ...ops import OPS
from ...program.kernels import Kernel
from ...program.loops import (
    REDUCTIONS,
    Nest,
    Step,
    by_row,
    by_rows,
    operand_indices,
    summed,
    value_indices,
)
from ..numpy.frame import comment
from .choices import Applied, Assignment, Entry, How, Loop, LoopStep, Real, Start, Times, Value, Var
from .reads import Readers, is_read_once, is_stored
from .scalars import Scalars, hint


@dataclass(frozen=True, slots=True)
class Steps:
    """Generates the steps of one nest; `inner` is its innermost loop, `viewed` variables of views.

    `at_hand` are the values that are already computed for the current row or entry."""

    kernel: Kernel
    readers: Readers
    scalars: Scalars
    nest: Nest
    inner: Loop
    viewed: dict[int, Var]
    at_hand: dict[int, Value] = field(default_factory=dict)

    @property
    def graph(self) -> Graph:
        """The graph of the nest's ops."""
        return self.kernel.graph

    def step(self, step: Step) -> LoopStep:
        """Return the statements of every op for one entry; stores follow all reads."""
        sums = [node for node in step.nodes if by_row(self.graph, node)]
        self.at_hand.update({node.id: self._variable(node, "row") for node in sums})
        beyond = [node for node in step.nodes if self._is_beyond(step, node)]
        parts = {node.id: self._variable(node, "part") for node in beyond}
        before = [_begun(node, self.at_hand[node.id]) for node in sums]
        before += [_begun(node, parts[node.id]) for node in beyond]
        body = self._body(step, parts)
        after = [
            _added(node, self._own(node), parts[node.id], comment(node, node.origin.formula))
            for node in beyond
        ]
        for node in sums:
            if self._stored(step, node):
                note = comment(node, node.origin.formula)
                after.append(Assignment(self._own(node), self.at_hand[node.id], note))
        loop = self.inner if step.entries else None
        return LoopStep(tuple(before), loop, tuple(body), tuple(after))

    def _is_beyond(self, step: Step, node: Node) -> bool:
        """Return whether the innermost loop adds to one entry of a sum, kept in a register."""
        if not step.entries or not by_rows(self.graph, node) or not node.type.rank:
            return False
        at = value_indices(self.graph, node, self.nest.shape)
        return self.inner.axis not in {index.axis for index in at}

    def _stored(self, step: Step, node: Node) -> bool:
        return is_stored(self.kernel, self.readers, self.nest, step, node)

    def _body(self, step: Step, parts: Mapping[int, Value]) -> list[Assignment]:
        nodes = [node for node in step.nodes if node.op not in REDUCTIONS]
        stored = {node.id for node in nodes if self._stored(step, node)}
        lines: list[Assignment] = []
        later: list[Assignment] = []
        for node in step.nodes:
            if node.op in REDUCTIONS:
                lines.append(self._accumulated(node, parts))
            else:
                lines += self._computed(step, node, stored, later)
        if step.entries:
            for node in nodes:
                self.at_hand.pop(node.id, None)
        return lines + later

    def _computed(
        self, step: Step, node: Node, stored: set[int], later: list[Assignment]
    ) -> list[Assignment]:
        """Return the statements of a value that is stored at once, inlined, or stored later."""
        note, value = comment(node, node.origin.formula), self._entry(node)
        own = {n.id for n in step.nodes}
        read_here = bool(self.readers.get(node.id, set()) & own)
        if stored == {node.id} and not read_here:
            return [Assignment(self._own(node), value, note)]
        if step.entries and node.id not in stored and is_read_once(self.readers, node, step):
            self.at_hand[node.id] = value
            return []
        name = self._variable(node, "at" if step.entries else "row")
        self.at_hand[node.id] = name
        if node.id in stored:
            later.append(Assignment(self._own(node), name))
        return [Assignment(name, value, note)]

    def _accumulated(self, node: Node, parts: Mapping[int, Value]) -> Assignment:
        """Add one term to a sum, or one candidate to a maximum."""
        terms = tuple(self._operand(node, i) for i in summed(node))
        value, note = _times(terms), comment(node, node.origin.formula)
        if by_row(self.graph, node):
            return _added(node, self.at_hand[node.id], value, note)
        if node.id in parts:
            return _added(node, parts[node.id], value, "")
        own = self._own(node) if node.type.rank else self.scalars.sums[node.id]
        return _added(node, own, value, note)

    def _variable(self, node: Node, what: str) -> Var:
        return Var(self.scalars.arrays.namer.fresh(f"{hint(node)}_{what}"))

    def _own(self, node: Node) -> Entry:
        """Return the entry of a value's own array."""
        at = value_indices(self.graph, node, self.nest.shape)
        return Entry(self.scalars.arrays.array(node.id), at)

    def _entry(self, node: Node) -> Applied:
        """Return an op on one entry of each of its operands."""
        operands = tuple(self._operand(node, i) for i in node.inputs)
        return Applied(node, operands, self.scalars.arrays.shapes(node))

    def _operand(self, node: Node, i: int) -> Value:
        """Return one entry of an operand, cast to a real number unless it is a condition."""
        root, at = operand_indices(self.graph, node, i, self.nest.shape)
        value, found = self.graph[root], self.at_hand.get(root)
        if found is None and value.type.rank == 0:
            found = self.scalars.in_loop(root)
        elif found is None and OPS[value.op].view:
            found = Entry(self.viewed[root], at)
        elif found is None:
            found = Entry(self.scalars.arrays.array(root), at)
        is_condition = node.op == "select" and i == node.inputs[0]
        return found if value.type.dtype is DType.FLOAT or is_condition else Real(found)


def _begun(node: Node, name: Value) -> Assignment:
    """Return the initial assignment of a row's accumulator."""
    return Assignment(name, Real(Start.LOWEST if node.op == "max" else Start.ZERO))


def _times(terms: Sequence[Value]) -> Value:
    return Times(tuple(terms)) if len(terms) > 1 else terms[0]


def _added(node: Node, place: Value, value: Value, note: str) -> Assignment:
    return Assignment(place, value, note, How.LARGEST if node.op == "max" else How.ADD)
