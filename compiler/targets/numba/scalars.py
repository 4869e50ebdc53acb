"""Scalars of a kernel: accumulated sums, numbers stored by other kernels, and inlined ones."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...ir.op_graph import Node
from ...ir.types import DType
from ...ops import OPS
from ...program.loops import Index
from .arrays import Arrays, CannotJit, Scalar
from .choices import Applied, Assignment, Entry, Number, Real, Value, Var
from .forms import KernelForms

FIRST = (Index(None),)
"""The index of the number in an array of one entry."""


@dataclass(slots=True)
class Scalars:
    """The scalars available to a part of a kernel, by value.

    `slots` are places of those that other kernels or parts have stored; `sums` are variables of
    this part, `cast` those that loops read, in the model's dtype."""

    forms: KernelForms
    arrays: Arrays
    slots: dict[int, Scalar] = field(default_factory=dict)
    sums: dict[int, Var] = field(default_factory=dict)
    cast: dict[int, Var] = field(default_factory=dict)

    def value(self, i: int) -> Value:
        """Return a scalar as an expression; raises CannotJit."""
        node = self.arrays.graph[i]
        if i in self.sums:
            return self.sums[i]
        if i in self.arrays.outside.leaves:
            return Var(self.arrays.outside.leaves[i])
        if i in self.slots:
            return Entry(self.arrays.room(self.slots[i], node), FIRST)
        if node.op == "const":
            return Number(node.real("value"))
        if node.type.rank:  # an array of one entry, viewed as a number
            raise CannotJit(node.op)
        if OPS[node.op].view:
            return self.value(node.inputs[0])
        return self._applied(node)

    def _applied(self, node: Node) -> Value:
        if not self.forms.has_scalar(node.op):
            raise CannotJit(node.op)
        operands = tuple(self.value(j) for j in node.inputs)
        return Applied(node, operands, self.arrays.shapes(node))

    def hoisted(self, i: int) -> Assignment | None:
        """Return a variable for a scalar that a loop reads; None if it has one or is no number."""
        node = self.arrays.graph[i]
        if i in self.cast or node.type.dtype is DType.BOOL:
            return None
        name = Var(self.arrays.namer.fresh(f"{hint(node)}_real"))
        line = Assignment(name, Real(self.value(i)), node.origin.formula)
        self.cast[i] = name
        return line

    def in_loop(self, i: int) -> Value:
        """Return a scalar as loops read it."""
        if self.arrays.graph[i].op == "const":
            return Real(self.value(i))
        return self.cast[i] if i in self.cast else self.value(i)

    def kept(self, i: int, place: Scalar) -> Assignment:
        """Return the statement that stores a scalar for other kernels."""
        return Assignment(
            Entry(self.arrays.room(place, self.arrays.graph[i]), FIRST), self.value(i)
        )

    def end(self) -> list[Assignment]:
        """Return the statements that end a part, which store its sums for later parts."""
        lines = []
        for i, name in self.sums.items():
            place = Scalar(f"{name.name}_kept")
            lines.append(self.kept(i, place))
            self.slots[i] = place
        self.sums.clear()
        self.cast.clear()
        return lines


def hint(node: Node) -> str:
    """Return the preferred variable name of a value."""
    return node.origin.hint or f"{node.origin.layer}_{node.op}"
