"""NN307: dropout between the last weights and the loss."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.layer_graph import Loss
from ..kinds.layer import Family
from ..shapes.faults import call_labels
from .edits import remove_step
from .network import Network, Step
from .registry import lint

BY_ENTRY = (Family.ACTIVATION, Family.SHAPE, Family.FIXED)
"""Families that pass a dropped entry on to the loss; weights and merges mix it with others."""


@lint
def dropout_at_output(network: Network) -> Iterator[Diagnostic]:
    """Warn of predictions that are randomly set to zero before the loss."""
    for loss in network.graph.losses:
        step = _behind_the_end(network, loss)
        if step is not None:
            yield codes.DROPOUT_AT_OUTPUT.at(
                step.span,
                "dropout strikes the output itself",
                here="no weights follow",
                labels=[
                    Label(loss.setting.head, "judges what is left of the output"),
                    *call_labels(step.layer),
                ],
                notes=[
                    "in training the loss judges outputs with entries left out by chance, "
                    "which no weights can make right"
                ],
                help="remove it, or put it before the last layer with weights",
                fixes=remove_step(step),
            )


def _behind_the_end(network: Network, loss: Loss) -> Step | None:
    """Return the last dropout before the loss, with weights before it and none after."""
    found: Step | None = None
    for step in network.steps(loss.layer):
        if step.kind == "dropout":
            found = found or step
        elif step.family not in BY_ENTRY:
            return None if step.family is Family.INPUT else found
    return None
