"""The memory a network needs, layer by layer, computed from types alone: nothing is allocated.

    input 784 -> dense 30 -> dense 10; loss mse     =>     parameters   dense1 94,200 B, dense2 …
    (float32, batch 32)                                    activations  input 100,352 B, …

Only shapes, types and the optimizer's slots are used, so new layer kinds need no entry here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..ir.layer_graph import Layer, TypedGraph
from ..ir.sizes import batch_size, entries, entry_bytes, float_bytes
from ..kinds.shapes.context import ShapeContext
from ..layers import LAYERS
from ..lower.optimizers import lower_update


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes by layer id.

    `copies` is the number of arrays for each parameter: itself, its gradient if there is a loss,
    and the optimizer's slots.
    """

    parameters: dict[int, int]
    activations: dict[int, int]
    copies: int
    batch: int

    @property
    def total(self) -> int:
        """Bytes of parameters and activations together."""
        return sum(self.parameters.values()) + sum(self.activations.values())


def need(typed: TypedGraph) -> Need:
    """Count the bytes of a network; untyped layers, after one of immense size, are left out."""
    graph = typed.graph
    copies = _copies(typed)
    batch = batch_size(graph)
    activations = {
        layer.id: batch * row_bytes(typed, layer)
        for layer in graph.layers
        if layer.id in typed.types
    }
    return Need(_held(typed, copies), activations, copies, batch)


def row_bytes(typed: TypedGraph, layer: Layer) -> int:
    """Bytes per row of a layer's value and its cached values; a view shares its input's memory."""
    kind = LAYERS[layer.kind]
    if kind.is_view and layer.activation is None:
        return 0
    type = typed.types[layer.id]
    inputs = tuple(typed.types[i] for i in layer.inputs)
    kept = entries((kind.kept(ShapeContext(layer, layer.args, inputs, {})),))
    return (entries(type.shape) + kept) * entry_bytes(type, typed.graph.dtype)


def _copies(typed: TypedGraph) -> int:
    if not typed.graph.losses:
        return 1
    optimizer = typed.graph.training.optimizer
    if optimizer is None:
        return 2
    outputs = lower_update(optimizer).outputs
    return 2 + sum(name.startswith("slot:") for name in outputs)


def _held(typed: TypedGraph, copies: int) -> dict[int, int]:
    """Bytes of every layer's own parameters, gradients and slots, and of its state."""
    owners = {layer.name: layer.id for layer in typed.graph.layers}
    for layer in typed.graph.layers:
        if layer.activation is not None:
            owners.setdefault(layer.activation.name, layer.id)
    arrays = [(param.name, copies * prod(param.shape)) for param in typed.params]
    arrays += [(state.name, prod(state.shape)) for state in typed.states]
    held: dict[int, int] = {}
    for name, size in arrays:
        while name not in owners:
            name = name.rpartition(".")[0]
        held[owners[name]] = held.get(owners[name], 0) + size * float_bytes(typed.graph.dtype)
    return held
