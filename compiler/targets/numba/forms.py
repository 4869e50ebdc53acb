"""The ops that the Numba target can write inside a compiled kernel: its macros by op."""

from __future__ import annotations

from typing import Any

from ...ir.dims import Shape
from ...ir.op_graph import Node
from ...passes.choose_convolutions import choose_convolutions
from ...passes.pipeline import name_of
from ...program.loops import REDUCTIONS
from ..numpy.target import NumPyTarget
from ..text import op_view
from .uses import FILTERS, RECORDER, Recorder, written
from .windows import convolution_form, pool_window, window_array


class KernelForms(NumPyTarget):
    """The forms of ops in scalars.jinja; NumPy's templates for ops without a form there.

    scalars.jinja has the ops that can be fused in loops, and those on whole arrays that may stand
    between them; a kernel with any other op is not compiled."""

    base = "numpy"
    fuses = True
    requires = ("numpy", "numba", "scipy")
    decides = (name_of(choose_convolutions),)  # Numba's convolutions have their own loops

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.recording: Any = self.environment.overlay(finalize=written)
        self.recording.filters = {
            **self.environment.filters,
            **FILTERS,
            "window_array": window_array,
            "pool_window": pool_window,
        }
        self.scalars: Any = self.recording.get_template("scalars.jinja").module

    def macros(self, template: str, recorder: Recorder, **known: object) -> Any:
        """Return a template's macros; the sizes and casts that they write are recorded."""
        context = {RECORDER: recorder, "real": recorder.real, **known}
        return self.recording.get_template(template).make_module(context)

    def is_fusible(self, node: Node) -> bool:
        """Return whether an op has a form for single entries."""
        return node.op in REDUCTIONS or self.has_scalar(node.op)

    def has_scalar(self, op: str) -> bool:
        """Return whether an op has a form for one entry of each operand."""
        return hasattr(self.scalars, f"{op}_op")

    def has_whole(self, op: str) -> bool:
        """Return whether an op on whole arrays can stand inside a compiled kernel."""
        return hasattr(self.scalars, f"{op}_whole")

    def whole_form(self, node: Node, shapes: tuple[Shape, ...]) -> str | None:
        """Return the form of an op on whole arrays inside a compiled kernel, or None."""
        if not self.has_whole(node.op) or dict(node.attrs).get("shared"):
            return None  # the sums of all shares are taken by a function in Python
        return convolution_form(op_view(node, (), shapes))

    def takes_any_order(self, op: str) -> bool:
        """Return whether an op on whole arrays takes any memory order, also with gaps."""
        return op in self.scalars.ANY_ORDER
