"""What a network may have that a PyTorch module cannot."""

from __future__ import annotations

from ...diagnostics.codes import limits as codes
from ...diagnostics.model import Diagnostic
from ...ir.layer_graph import TypedGraph

SET = "training"
"""The attribute that nn.Module sets, in whose place there can be no layer."""


def fault(typed: TypedGraph) -> Diagnostic | None:
    """Return the first fault, if any."""
    return _exact(typed) or _called_training(typed)


def _exact(typed: TypedGraph) -> Diagnostic | None:
    """An exact solution is no training."""
    optimizer = typed.graph.training.optimizer
    if optimizer is None or optimizer.kind != "lstsq":
        return None
    return codes.CANNOT_WRITE.at(
        optimizer.span,
        "the torch target has no exact least-squares solution",
        here="solved by `solve`, which NumPy modules have",
        help="name an optimizer that takes steps, such as `optimizer adam`, or compile "
        "for NumPy and load the solution into the PyTorch module",
    )


def _called_training(typed: TypedGraph) -> Diagnostic | None:
    """A layer with parameters must not be called like the attribute."""
    arrays = {a.name: a.span for a in typed.params} | {a.name: a.span for a in typed.states}
    for name, span in arrays.items():
        if SET in name.split(".")[:-1]:
            return codes.CANNOT_WRITE.at(
                span,
                f"the torch target has no place for {name}",
                here=f"belongs to `{SET}`",
                help="give the layer another name",
                notes=[f"every nn.Module has an attribute `{SET}`, which PyTorch sets"],
            )
    return None
