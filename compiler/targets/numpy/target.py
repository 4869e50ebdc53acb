"""The NumPy target: modules that need nothing but NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from ...ir.dims import Dim, Shape
from ...ir.op_graph import Node
from ...layers.selu import ALPHA, LAMBDA
from ...program.program import Program
from ..target import Target
from .module import module_view
from .names import module_names
from .scratch import POOL_BITS, scratch
from .sections import full, module_text


class NumPyTarget(Target):
    """One module of NumPy calls; at -O0 plain formulas."""

    requires: tuple[str, ...] = ("numpy",)
    told: ClassVar[Mapping[str, float]] = {
        "POOL_BITS": POOL_BITS,
        "SELU_ALPHA": ALPHA,
        "SELU_LAMBDA": LAMBDA,
        "SELU_BELOW": LAMBDA * ALPHA,
    }

    def write(self, program: Program, spec: str, file: str) -> str:
        """The module's source, unformatted."""
        view = module_view(program, module_names(program, self), spec, file)
        return module_text(view, self, full(program.level))

    def scratch(self, node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
        """Bytes of the arrays that a helper function makes for itself; see scratch.py."""
        return scratch(node, shapes, wide)
