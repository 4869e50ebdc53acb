"""The NumPy target: modules that need nothing but NumPy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from ...contents import Contents, Weights
from ...ir.dims import Dim, Shape
from ...ir.layer_graph import TypedGraph
from ...ir.op_graph import Node
from ...layers.selu import ALPHA, LAMBDA
from ...program.program import Program
from ..target import Target
from .module import module_view
from .names import module_names
from .scratch import POOL_BITS, scratch
from .sections import module_text, parts
from .weights import weights_view


class NumPyTarget(Target):
    """Modules of NumPy calls; plain formulas at -O0."""

    requires: tuple[str, ...] = ("numpy",)
    told: ClassVar[Mapping[str, float]] = {
        "POOL_BITS": POOL_BITS,
        "SELU_ALPHA": ALPHA,
        "SELU_LAMBDA": LAMBDA,
        "SELU_BELOW": LAMBDA * ALPHA,
    }

    def write(
        self,
        program: Program,
        spec: str,
        file: str,
        contents: Contents = Contents.MODULE,
        *,
        carries: bool = False,
    ) -> str:
        """Return the module's source, unformatted."""
        view = module_view(program, module_names(program, self), spec, file, contents)
        return module_text(replace(view, carries=carries), self, parts(contents, program.level))

    def write_weights(self, weights: Weights, typed: TypedGraph) -> str:
        """Return weights as data, for the end of a module that embeds them."""
        return self.render("weights.jinja", w=weights_view(weights, typed))

    def scratch(self, node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
        """Return the bytes of the temporary arrays of a helper function; see scratch.py."""
        return scratch(node, shapes, wide)
