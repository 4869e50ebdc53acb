"""The meaning of the numbers of a network's outputs, for commands that print them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nnc.runtime.probabilities import Meaning

    from ..ir.layer_graph import TypedGraph
    from ..kinds.loss import Reads


def output_meanings(graph: TypedGraph) -> dict[str, Meaning]:
    """Return the meaning of each output: from its last activation, or else from its loss."""
    from ..lints.network import Network
    from ..losses import LOSSES

    network = Network(graph)
    read = {loss.layer: LOSSES[loss.setting.kind].reads for loss in graph.graph.losses}
    return {
        output.name: _meaning(next(network.steps(output.layer)).kind, read.get(output.layer))
        for output in graph.graph.outputs
    }


def _meaning(activation: str, reads: Reads | None) -> Meaning:
    from nnc.runtime.probabilities import Meaning

    from ..kinds.loss import Reads

    match activation, reads:
        case "softmax", _:
            return Meaning.PROBABILITIES
        case "log_softmax", _:
            return Meaning.LOG_PROBABILITIES
        case "sigmoid", Reads.LOGITS | None:
            return Meaning.SHARES
        case _, Reads.CLASS_LOGITS:
            return Meaning.CLASS_LOGITS
        case _, Reads.LOGITS:
            return Meaning.LOGITS
        case _, Reads.SCORES:
            return Meaning.SCORES
        case _, Reads.LOG_PROBABILITIES:
            return Meaning.LOG_PROBABILITIES
        case _:
            return Meaning.NUMBERS
