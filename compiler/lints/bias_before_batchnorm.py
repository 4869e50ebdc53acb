"""NN318: a bias that the following batchnorm cancels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.layer_graph import Layer
from ..shapes.faults import call_labels
from .edits import set_argument
from .network import Network
from .registry import lint

BIAS_A_CHANNEL = ("conv", "depthwise", "conv_transpose")
"""Kinds whose bias is one number per channel, the axis on which batchnorm works."""


@lint
def bias_before_batchnorm(network: Network) -> Iterator[Diagnostic]:
    """Warn of a layer with a bias whose value is read only by a batchnorm."""
    uses = Counter(layer.owner for layer in network.graph.layers)
    for norm in network.graph.layers:
        if norm.kind != "batchnorm" or norm.frozen:
            continue
        layer = _feeding(network, norm)
        if layer is not None and layer.args.get("bias") and uses[layer.owner] == 1:
            yield _finding(layer, norm)


def _feeding(network: Network, norm: Layer) -> Layer | None:
    """Return the layer whose bias lies along the channels of the batchnorm, its only reader."""
    id = norm.inputs[0]
    while len(network.readers[id]) == 1 and id not in network.leaving:
        layer = network.layers[id]
        if layer.activation is not None and layer.activation.kind != "id":
            return None
        if layer.kind != "id":
            vector = layer.kind == "dense" and len(network.typed.shape_of(id)) == 1
            return layer if vector or layer.kind in BIAS_A_CHANNEL else None
        id = layer.inputs[0]
    return None


def _finding(layer: Layer, norm: Layer) -> Diagnostic:
    fixes = set_argument(layer, "bias", "false")
    return codes.BIAS_BEFORE_BATCHNORM.at(
        layer.span,
        f"the bias of {layer.name} has no effect before `batchnorm`",
        here="adds a bias",
        labels=[
            Label(norm.head, "subtracts every mean, the bias with it"),
            *call_labels(layer),
        ],
        notes=["in training the bias gets no gradient; the batchnorm's own shift takes its place"],
        help=fixes[0].title if fixes else f"give this `{layer.word}` the argument `bias=false`",
        fixes=fixes,
    )
