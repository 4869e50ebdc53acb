"""NN308 and NN309: a dense layer directly followed by another, without an activation."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Label
from ..ir.layer_graph import Layer
from ..shapes.faults import call_labels
from .network import Network, Step
from .registry import lint


@lint
def linear_twice(network: Network) -> Iterator[Diagnostic]:
    """Warn of two consecutive matrices, which are equivalent to one."""
    shared = _shared_weights(network)
    for second in network.graph.layers:
        if second.kind != "dense" or second.args["tie"] is not None:
            continue
        first = _linear_before(network, second)
        if first is None or first.frozen or second.frozen:  # a fixed and a learned map
            continue
        if not shared & {first.owner, second.owner}:
            yield _finding(network, first, second)


def _linear_before(network: Network, layer: Layer) -> Layer | None:
    """Return the dense layer whose value, without activation, is read by this layer only."""
    step: Step = next(network.steps(layer.inputs[0]))
    if step.kind != "dense" or step.args["tie"] is not None:
        return None
    id = layer.inputs[0]
    while id not in network.leaving and len(network.readers[id]) == 1:
        if id == step.layer.id:
            return step.layer
        id = network.layers[id].inputs[0]
    return None


def _shared_weights(network: Network) -> set[str]:
    """Return the owners of weights that are used in several places."""
    uses = {layer.shares for layer in network.graph.layers}
    ties = {layer.args.get("tie") for layer in network.graph.layers}
    return {name for name in uses | ties if isinstance(name, str)}


def _finding(network: Network, first: Layer, second: Layer) -> Diagnostic:
    before = network.width(first.inputs[0])
    inner, after = network.width(first.id), network.width(second.id)
    labels = [
        Label(first.span, "nothing bends its value before the next layer"),
        *dict.fromkeys(call_labels(second) + call_labels(first)),
    ]
    if before and inner and after and inner < min(before, after):
        return codes.LINEAR_BOTTLENECK.at(
            second.span,
            f"two linear layers in a row: one linear layer of rank {inner}",
            here=f"{before} to {inner} to {after} with nothing between",
            labels=labels,
            notes=[
                f"they have {inner * (before + after)} weights in place of {before * after}, "
                f"and in training can only fit maps of rank {inner}"
            ],
            help="fine where that is meant; else give the first an activation, for example `relu`",
        )
    return codes.LINEAR_TWICE.at(
        second.span,
        "two linear layers in a row compute no more than one",
        here="linear in what comes into the layer before",
        labels=labels,
        notes=["in training the extra weights cost time and fit nothing that one layer could not"],
        help="give the first an activation, for example `relu`, or remove it",
    )
