"""The user's view of a network's arrays: stages with weights, and kinds of axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from ...ir.dims import BATCH, evaluate
from ...ir.layer_graph import TypedGraph
from ...lower.graph import value_name
from ...lower.losses import target_layers, target_name
from ..anatomy import ACTIVATIONS
from ..reference import Reference
from ..stepping import AFTER

ENDS = (*ACTIVATIONS, "softmax", "log_softmax", "id")
"""Layers without weights that are usually counted as part of the previous layer."""


class Axes(Enum):
    """The kind of an array's axes, which determines its possible layouts."""

    ROWS = "a value for each row of the batch"
    WEIGHT = "weights from inputs to outputs"
    FILTER = "filters of a convolution"
    VECTOR = "a bias or a gain"
    NUMBER = "a number"
    OTHER = "an array"


@dataclass(frozen=True, slots=True)
class Stage:
    """A layer with parameters: its kind, its weights and bias, the tensors of z and a."""

    layer: str
    kind: str
    weight: str
    bias: str
    z: str
    a: str


@dataclass(frozen=True)
class Network:
    """The tensors of a reference, grouped by stage and role."""

    reference: Reference

    @property
    def typed(self) -> TypedGraph:
        """The layers and parameters."""
        return self.reference.typed

    @cached_property
    def inputs(self) -> list[str]:
        """The tensors of the inputs."""
        return [n.name for n in self.typed.graph.layers if n.kind == "input"]

    @cached_property
    def padded(self) -> list[str]:
        """The inputs whose rows are padded."""
        layers = self.typed.graph.layers
        return [n.name for n in layers if n.kind == "input" and self.typed.types[n.id].ragged]

    @cached_property
    def targets(self) -> list[str]:
        """The tensors of the targets: `target`, or NAME_target if there are several."""
        names = [target_name(self.typed, layer) for layer in target_layers(self.typed)]
        return [name if name == "target" else f"{name}_target" for name in names]

    @cached_property
    def outputs(self) -> list[str]:
        """The tensors of the losses' outputs, in the order of the targets."""
        layers = self.typed.graph.layers
        return [value_name(self.typed, layers[i]) for i in target_layers(self.typed)]

    @cached_property
    def params(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the parameters."""
        return {p.name: tuple(p.shape) for p in self.typed.params}

    @cached_property
    def stages(self) -> list[Stage]:
        """The layers that have weights, in order."""
        owned: dict[str, dict[str, str]] = {}
        for param in self.typed.params:
            owned.setdefault(param.name.rpartition(".")[0], {})[param.role] = param.name
        layers = self.typed.graph.layers
        found = []
        for at, layer in enumerate(layers):
            roles = owned.get(layer.owner, {}) if layer.name == layer.owner else {}
            if roles:
                last = layer
                for after in layers[at + 1 :]:
                    if after.kind not in ENDS or after.inputs != (last.id,):
                        break
                    last = after
                weight, bias = roles.get("weight", ""), roles.get("bias", "")
                a = value_name(self.typed, last)
                z = f"{layer.name}_z"
                z = z if z in self.reference.tensors else value_name(self.typed, layer)
                found.append(Stage(layer.name, layer.kind, weight, bias, z, a))
        return found

    @cached_property
    def rank_of_input(self) -> int:
        """The number of axes of the first input, including the batch axis."""
        return self.reference.graph[self.reference.tensors[self.inputs[0]]].type.rank

    @cached_property
    def required(self) -> list[str]:
        """The required tensors."""
        return [*self.inputs, *self.targets, *self.params]

    def source(self, tensor: str) -> str:
        """Return the tensor whose gradient or value after a step this is, else itself."""
        plain = tensor.removeprefix(AFTER).removeprefix("d_")
        return plain if plain != tensor and plain in self.reference.tensors else tensor

    def axes(self, tensor: str) -> Axes:
        """Return the kind of a tensor's axes."""
        plain = self.source(tensor)
        if plain in self.params:
            return self._param_axes(plain)
        shape = self.reference.node(plain).type.shape
        if not shape:
            return Axes.NUMBER
        return Axes.ROWS if shape[0] == BATCH else Axes.OTHER

    def _param_axes(self, param: str) -> Axes:
        kind = next((s.kind for s in self.stages if param in (s.weight, s.bias)), "")
        rank = len(self.params[param])
        if rank == 2 and kind == "dense":
            return Axes.WEIGHT
        if rank == 4 and kind == "conv":
            return Axes.FILTER
        return Axes.VECTOR if rank == 1 else Axes.OTHER

    def shape(self, tensor: str, sizes: Mapping[str, int]) -> tuple[int, ...]:
        """Return the shape of a tensor in nnc's layout."""
        shape = self.reference.node(tensor).type.shape
        return tuple(d if isinstance(d, int) else evaluate(d, sizes) for d in shape)
