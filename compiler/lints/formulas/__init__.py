"""The lints of formulas (`fn`), imported only where a spec has some."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.model import Diagnostic
from ...ir.formula import FORMULA
from ...ir.layer_graph import Layer
from ..network import Network
from ..registry import lint


@lint
def formulas(network: Network) -> Iterator[Diagnostic]:
    """Warn of formulas that may give inf or NaN, and of functions that they write out."""
    graph = network.graph
    if any(map(_computes, graph.layers)) or any(FORMULA in n.setting.args for n in graph.losses):
        from .hazards import formula_hazards
        from .written_out import functions_written_out

        yield from formula_hazards(network)
        yield from functions_written_out(network)


def _computes(layer: Layer) -> bool:
    """Whether a layer or its activation is a formula."""
    activation = layer.activation
    return FORMULA in layer.args or (activation is not None and FORMULA in activation.args)
