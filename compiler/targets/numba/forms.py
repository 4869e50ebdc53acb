"""What the Numba target can write inside a compiled kernel: its macros by op."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...ir.dims import Shape
from ...ir.op_graph import Node
from ...passes.choose_convolutions import choose_convolutions
from ...passes.pipeline import name_of
from ..numpy.target import NumPyTarget
from ..target import expression
from ..text import Text, op_view
from .windows import pool_window, suits_loops, suits_winograd, window_array


class KernelForms(NumPyTarget):
    """The forms of ops in scalars.jinja; NumPy's templates where there are none of its own.

    scalars.jinja has the ops that it can fuse in loops, and those on whole arrays that may stand
    between them; a kernel with any other op is left as it is.
    """

    base = "numpy"
    fuses = True
    requires = ("numpy", "numba", "scipy")
    decides = (name_of(choose_convolutions),)  # its convolutions are loops of its own

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.environment.filters.update(
            window_array=window_array,
            pool_window=pool_window,
            suits_loops=suits_loops,
            suits_winograd=suits_winograd,
        )
        self.scalars: Any = self.environment.get_template("scalars.jinja").module

    def has_scalar(self, op: str) -> bool:
        """Whether an op has a form for one entry of each operand."""
        return hasattr(self.scalars, f"{op}_op")

    def scalar(self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape]) -> Text:
        """The op on one entry of each of its operands."""
        return expression(self.scalars, node, operands, shapes)

    def whole_call(
        self, node: Node, operands: Sequence[Text], shapes: Sequence[Shape], out: str
    ) -> str | None:
        """Statements for an op on whole arrays inside a compiled kernel; None if there are none."""
        if not self.has_whole(node.op):
            return None
        texts = [t.within(100) for t in operands]
        return self.whole_form(node.op, node, texts, shapes, out).strip() or None

    def whole_form(
        self, form: str, node: Node, operands: Sequence[str], shapes: Sequence[Shape], out: str
    ) -> str:
        """The same by a form's own name: of ops that have several."""
        return str(getattr(self.scalars, f"{form}_whole")(op_view(node, operands, shapes), out))

    def takes_any_order(self, op: str) -> bool:
        """Whether an op on whole arrays may read them in any order, also with gaps."""
        return op in self.scalars.ANY_ORDER

    def has_whole(self, op: str) -> bool:
        """Whether an op on whole arrays can stand inside a compiled kernel."""
        return hasattr(self.scalars, f"{op}_whole")

    def whole_view(self, node: Node, operand: str, shapes: Sequence[Shape]) -> str:
        """A part of a value that lies in an order of its own in compiled kernels."""
        macro = getattr(self.scalars, f"{node.op}_view")
        return str(macro(op_view(node, [operand], shapes))).strip()

    @property
    def indices(self) -> list[str]:
        """What loops count with, the outermost first."""
        counts: list[str] = self.scalars.INDICES
        return counts
