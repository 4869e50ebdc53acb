"""The scale of data in the network: inputs used without scaling, and outputs with a range."""

from __future__ import annotations

import math

from ..ir.layer_graph import TypedGraph
from ..ir.types import DType
from ..kinds.layer import Family
from ..kinds.loss import Reads
from ..layers import LAYERS
from ..lints.network import Network
from ..lower.losses import target_name

SCALING = ("normalize", "scale", "shift")
"""Fixed layers which show that the author of a spec considered the scale."""

ENDS = {
    "sigmoid": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hard_tanh": (-1.0, 1.0),
    "softsign": (-1.0, 1.0),
    "relu": (0.0, math.inf),
    "softplus": (0.0, math.inf),
    "log_softmax": (-math.inf, 0.0),
}
"""The lowest and the highest value of activations that have a range."""


def raw_inputs(typed: TypedGraph) -> tuple[str, ...]:
    """Return the real inputs that reach weights unscaled, without a bounded activation."""
    network = Network(typed)
    return tuple(
        layer.name
        for layer in typed.graph.layers
        if layer.kind == "input"
        and typed.types[layer.id].dtype is DType.FLOAT
        and _reaches_weights(network, layer.id)
    )


def _reaches_weights(network: Network, id: int) -> bool:
    left, seen = [id], {id}
    while left:
        for layer in network.readers[left.pop()]:
            if LAYERS[layer.kind].family is Family.WEIGHTS:
                return True
            if layer.id not in seen and not _scales(layer.kind, network.last_step_of(layer).kind):
                seen.add(layer.id)
                left.append(layer.id)
    return False


def _scales(kind: str, activation: str) -> bool:
    squashed = math.isfinite(sum(ENDS.get(activation, (math.inf,))))
    return kind in SCALING or LAYERS[kind].family is Family.NORM or squashed


def bounded_outputs(typed: TypedGraph) -> dict[str, tuple[str, float, float]]:
    """Return by target the activation of the judged output, its lowest and highest value.

    Only for losses that measure the distance between output and target."""
    network = Network(typed)
    return {
        target_name(typed, loss.layer): (last.kind, *ENDS[last.kind])
        for loss, last in network.judged(Reads.NUMBERS)
        if last.kind in ENDS
    }
