"""Code generation for one compiled kernel: loops over fused ops, products by the matrix library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ...ir.op_graph import Node
from ...ops.source import RANDOM
from ...program.kernels import Kernel
from ...program.loops import Item, Nest, base_array, nests
from ...program.names import Namer
from ...program.places import GradientOf
from ..numpy.frame import comment
from .arrays import Arrays, Outside, Rooms, Scalar
from .choices import Applied, Assignment, HelperCall, How, Value, WholeOp
from .forms import KernelForms
from .nests import Nests
from .parts import Parts
from .products import product_of, stack_product
from .reads import readers_of
from .scalars import Scalars
from .views import Views

MANY_ITEMS = 30
"""Most loops and ops on whole arrays of a kernel that is compiled as one function."""

ITEMS_OF_PART = 10
"""Loops and ops in each part of a longer kernel.

Python calls the parts: compiled as one function with all that it calls, a long step would be
compiled twice."""


@dataclass(frozen=True, slots=True)
class KernelWriter:
    """Generates the code of one kernel; `parts` are its statements so far."""

    kernel: Kernel
    arrays: Arrays
    views: Views
    scalars: Scalars
    parts: Parts

    @property
    def forms(self) -> KernelForms:
        """The forms of ops inside a compiled kernel."""
        return self.views.forms

    def items(self) -> list[Item]:
        """The kernel's ops: those fused into shared loops, and those on whole arrays."""
        return nests(self.kernel, self.forms.is_fusible, self.arrays.outside.places.get)

    def write(self, in_parts: bool = False) -> None:
        """Generate all ops; raises CannotJit.

        `in_parts` allows several functions, called in order."""
        items = self.items()
        loops = Nests(self.kernel, readers_of(self.kernel), self.views, self.scalars)
        split = in_parts and len(items) > MANY_ITEMS
        for place, item in enumerate(items, 1):
            if isinstance(item, Nest):
                self.parts.head(item.nodes)
                self.parts.statements.append(loops.loops(item))
            elif item.node.op in (*RANDOM, "room"):  # drawn before the call, or nothing to compute
                self.arrays.array(item.node.id)
            else:
                self._whole(item.node)
            if split and place % ITEMS_OF_PART == 0:
                self.parts.end_part()

    def _whole(self, node: Node) -> None:
        """Generate an op on whole arrays."""
        out, note = self.arrays.array(node.id), comment(node, node.origin.formula)
        if node.op == "matmul" and node.type.rank == 2:
            left, right = (self.views.matrix(i) for i in node.inputs)
            a, b = self.arrays.shapes(node)
            product = product_of(left, right, out, (a, b), self.arrays.by_columns(node.id))
            self.parts.add([node], replace(product, note=note))
            return
        if node.op == "batch_matmul" and node.type.rank == 4:
            self.parts.add([node], stack_product(self.views, node, out, note))
            return
        operands = tuple(self._operand(node, i) for i in node.inputs)
        call = Applied(node, operands, self.arrays.shapes(node))
        form = self.forms.whole_form(node, call.shapes)
        if form is None:
            self.parts.call_python(node, HelperCall(call, out, note))
        else:
            self.parts.add([node], WholeOp(form, call, out, note))

    def _operand(self, node: Node, i: int) -> Value:
        """Return an operand of an op on whole arrays, row-major unless it takes any order."""
        if self.kernel.graph[i].type.rank == 0:
            return self.scalars.value(i)
        found = self.views.whole(i)
        any_order = not self.forms.has_whole(node.op) or self.forms.takes_any_order(node.op)
        return found.array if any_order else found.in_rows.array

    def copy_gradients(self, gradients: Mapping[str, int]) -> None:
        """Copy the gradients not computed in place: shared by two parameters, or a view."""
        for name, i in gradients.items():
            if self.arrays.outside.places.get(i) != GradientOf(name):
                base = base_array(self.kernel.graph, i)
                single = self.kernel.graph[base].type.rank == 0
                value = self.scalars.value(base) if single else self.views.whole(i).array
                gradient = self.arrays.param(name, "g")
                self.parts.statements.append(Assignment(gradient, value, how=How.FILL))

    def keep_scalars(self, slots: Mapping[int, Scalar]) -> None:
        """Store scalars for other kernels, after the kernel's own statements."""
        self.parts.statements += [self.scalars.kept(i, place) for i, place in slots.items()]


def kernel_writer(
    forms: KernelForms,
    kernel: Kernel,
    namer: Namer,
    outside: Outside,
    rooms: Rooms,
    slots: Mapping[int, Scalar] | None = None,
) -> KernelWriter:
    """Return the writer of a kernel; `slots` are places of scalars stored by forward."""
    arrays = Arrays(kernel.graph, outside, rooms, namer)
    scalars = Scalars(forms, arrays, dict(slots or {}))
    return KernelWriter(kernel, arrays, Views(forms, arrays), scalars, Parts(scalars))
