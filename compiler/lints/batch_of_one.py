"""NN319: a batchnorm of features trained on batches of one row."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic
from ..shapes.faults import call_labels
from .network import Network
from .registry import lint


@lint
def batch_of_one(network: Network) -> Iterator[Diagnostic]:
    """Warn of `train batch=1` with a batchnorm that has one value per feature and row."""
    if network.graph.training.train.get("batch") != 1:
        return
    for layer in network.graph.layers:
        channels = network.typed.shape_of(layer.id)[0]
        if layer.kind == "batchnorm" and not layer.frozen and network.entries(layer.id) == channels:
            yield codes.BATCH_OF_ONE.at(
                layer.span,
                "`train batch=1` leaves batchnorm one value of every feature",
                here="takes its statistics over the rows of a batch",
                labels=call_labels(layer),
                notes=["in training every batch would be refused: one value has no variance"],
                help="train with a larger batch, or write `layernorm`, which needs no other rows",
            )
