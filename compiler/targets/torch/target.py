"""The PyTorch target: modules that need nothing but PyTorch, which differentiates them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from ...contents import Contents, Weights
from ...diagnostics.model import Diagnostic
from ...ir.dims import Dim, Shape
from ...ir.layer_graph import TypedGraph
from ...ir.op_graph import Node
from ...layers.selu import ALPHA, LAMBDA
from ...passes.pipeline import Function
from ...program.functions import Functions
from ...program.program import Program
from ..numpy.module import module_view
from ..numpy.names import module_names
from ..numpy.sections import module_text
from ..target import PROSE, Target
from .faults import fault
from .members import reference
from .patterns import with_patterns
from .view import torch_view

PARTS = (
    *("docstring", "preamble", "constants", "network", "training", "use"),
    *("parameters", "helpers", "files"),
)
"""The sections of a module; `preamble` and `helpers` follow from what the others use."""

BESIDE_VALUES = ("network.jinja", "expressions.jinja", "preamble.jinja")
"""The templates of what stands in one function with the values of a network."""

AUGMENTED = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}


class TorchTarget(Target):
    """Modules with an nn.Module, whose calls are those that people write, and a training step."""

    borrows: tuple[str, ...] = ("numpy",)
    derives: bool = True
    requires: tuple[str, ...] = ("torch",)
    told: ClassVar[Mapping[str, float]] = {"SELU_ALPHA": ALPHA, "SELU_LAMBDA": LAMBDA}

    def fault(self, typed: TypedGraph) -> Diagnostic | None:
        """Return what a network has that the target cannot write, if anything."""
        return fault(typed)

    def patterns(self, functions: Functions) -> Functions:
        """Return the functions with PyTorch's own layers and losses found."""
        graphs = dict(functions.graphs)
        graphs[Function.TRAINING] = with_patterns(graphs[Function.TRAINING])
        return replace(functions, graphs=graphs)

    def stored(self, op: str, name: str) -> str:
        """Return the reference to a parameter or a state array from the network's methods."""
        return reference(name)

    def variable(self, op: str, name: str) -> str:
        """Return the variable of a leaf; whether this is training the nn.Module knows."""
        return "self.training" if op == "train" else name

    def constant(self, name: str) -> str:
        """Return the reference to an array constant, a buffer that moves with the network."""
        return f"self.{name}"

    def size(self, array: str, axis: int) -> str:
        """Return the size of a tensor along an axis, as torch.export traces it."""
        return f"{array}.shape[{axis}]"

    @property
    def words(self) -> set[str]:
        """The identifiers of the module and of `forward`, in which alone values have names."""
        return {name for file in self._files() for name in _identifiers(*file)}

    def _files(self) -> Iterator[tuple[str, str]]:
        for name in self.environment.list_templates(["jinja"]):
            if "/" not in name:
                yield name, self.environment.loader.get_source(self.environment, name)[0]  # type: ignore[union-attr]

    def in_place(self, op: str) -> str | None:
        """Return the augmented operator of arithmetic, with which an optimizer changes a parameter."""
        return AUGMENTED.get(op)

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
        return module_text(torch_view(view, program), self, PARTS)

    def write_weights(self, weights: Weights, typed: TypedGraph) -> str:
        """Raise NotImplementedError: the compiler refuses to embed weights for this target."""
        raise NotImplementedError

    def scratch(self, node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
        """Return 0: PyTorch allocates by itself, and nothing is planned."""
        return 0


def _identifiers(file: str, text: str) -> list[str]:
    """Return the names that a template gives at the top of a module, or all but attributes."""
    code = re.sub(PROSE, " ", text, flags=re.DOTALL)
    if file in BESIDE_VALUES:
        return re.findall(r"(?<![\w.])[A-Za-z_]\w*", code, flags=re.ASCII)
    return re.findall(r"^(?:def |class )?([A-Za-z_]\w*)", code, flags=re.ASCII | re.MULTILINE)
