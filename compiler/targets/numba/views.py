"""Values as whole arrays: views inlined where they are read, and their memory order."""

from __future__ import annotations

from dataclasses import dataclass

from ...ir.dims import fixed
from ...ir.op_graph import Node
from ...ops import OPS
from .arrays import Arrays, CannotJit
from .choices import Applied, Form, Matrix, View
from .forms import KernelForms


@dataclass(frozen=True, slots=True)
class Views:
    """Returns the operands of a kernel's ops on whole arrays."""

    forms: KernelForms
    arrays: Arrays

    def matrix(self, i: int) -> Matrix:
        """Return a value as an operand of a product, contiguous by rows or columns."""
        found = self.whole(i)
        return found if found.order in "CF" else found.in_rows

    def whole(self, i: int) -> Matrix:
        """Return a value as an array expression with its memory order; raises CannotJit."""
        node = self.arrays.graph[i]
        if not OPS[node.op].view:
            columns = self.arrays.by_columns(i) and node.type.rank > 1
            return Matrix(self.arrays.array(i), "F" if columns else "C")
        if node.op == "split_heads":
            return self._split_heads(node)
        return self._view(node, self.whole(node.inputs[0]))

    def _view(self, node: Node, of: Matrix) -> Matrix:
        match node.op:
            case "transpose" if node.wholes("perm") == (1, 0):
                return of.turned
            case "transpose":
                return Matrix(View("permuted", of.array, (node.wholes("perm"),)), "A")
            case "reshape":
                return Matrix(View("reshaped", of.in_rows.array, (node.type.shape,)), "C")
            case "slice":
                return self._slice(node, of)
            case "broadcast" if node.inputs and self.arrays.graph[node.inputs[0]].type.rank:
                return Matrix(View("broadcast", of.array, (node.type.shape,)), "A")
            case "states_of" | "states_before" | "cells_of":
                return self._states(node, of)
        raise CannotJit(node.op)

    def _slice(self, node: Node, of: Matrix) -> Matrix:
        axis = node.whole("axis")
        at = (axis, node.dim("start"), node.dim("stop"))
        whole_rows = axis == 0 and of.order == "C"
        return Matrix(View("part", of.array, at), "C" if whole_rows else "A")

    def _states(self, node: Node, of: Matrix) -> Matrix:
        """Return part of a time loop's tape, whose order is different if the loop is compiled."""
        shapes = self.arrays.shapes(node)
        if self.forms.has_whole(self.arrays.graph[node.inputs[0]].op):
            order = "A" if node.op == "cells_of" else "C"
            return Matrix(Applied(node, (of.array,), shapes, Form.VIEW), order)
        return Matrix(Applied(node, (of.in_rows.array,), shapes, Form.NUMPY), "A")

    def _split_heads(self, node: Node) -> Matrix:
        """Return columns of (B T, n) split by heads; a view of a part becomes one of the whole."""
        source, (batch, length) = self.arrays.graph[node.inputs[0]], node.type.shape[::2]
        heads, size = map(fixed, node.type.shape[1::2])
        start = source.attr("start") if source.op == "slice" and source.attr("axis") == 1 else None
        whole: tuple[object, ...] = (batch, length, size)
        if isinstance(start, int) and start % size == 0:
            of = self.whole(source.inputs[0])
            first = start // size
            heads_seen = (first, first + heads)
            return Matrix(View("heads", of.in_rows.array, (*whole, heads_seen)), "A")
        return Matrix(View("heads", self.whole(source.id).in_rows.array, whole), "A")
