"""From the typed layer graph to the forward op graph, losses included.

    dense 30 sigmoid   =>   %3 = matmul(%0, %1); %4 = add(%3, %2); %5 = sigmoid(%4)

Values get the hints from which generated code takes its names: `dense1` for a layer's value,
`dense1_z` for what its activation is applied to.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir.layer_graph import Layer, TypedGraph
from ..ir.op_graph import Builder, Origin, Role, Value
from ..ir.types import TensorType
from ..layers import LAYERS
from ..ops.source import leaf
from .context import LowerContext
from .losses import lower_losses


@dataclass(slots=True)
class Lowering:
    """The state of one lowering: the graph that grows and the values of layers and parameters."""

    typed: TypedGraph
    build: Builder
    values: dict[int, Value] = field(default_factory=dict)
    params: dict[str, Value] = field(default_factory=dict)

    def fetch(self, name: str) -> Value:
        """The value of a parameter."""
        return self.params[name]


def lower(typed: TypedGraph) -> Builder:
    """Lower every layer, then every loss and penalty; outputs are `out:NAME`, `loss:NAME`, `total`."""
    graph = typed.graph
    state = Lowering(typed, Builder(Origin("", (), Role.FORWARD)))
    declare_params(state)
    for layer in graph.layers:
        state.values[layer.id] = lower_layer(state, layer)
    for output in graph.outputs:
        value = state.values[output.layer]
        state.build.outputs[f"out:{output.name}"] = value.id
    if graph.losses:
        lower_losses(typed, state.build, state.values, state.params)
    return state.build


def declare_params(state: Lowering) -> None:
    """Give every parameter a leaf of the graph."""
    for param in state.typed.params:
        state.build.origin = Origin(param.name, (param.span,), Role.FORWARD, hint=param.name)
        state.params[param.name] = leaf(
            state.build, "param", param.name, TensorType(tuple(param.shape))
        )


def lower_layer(state: Lowering, layer: Layer) -> Value:
    """Lower one layer and its trailing activation."""
    state.build.origin = Origin(layer.name, (layer.span,), Role.FORWARD)
    name = value_name(state.typed, layer)
    if layer.kind == "input":
        type = state.typed.types[layer.id].batched()
        value = leaf(state.build, "input", layer.name, type)
        return state.build.describe(value, hint=name)
    inputs = tuple(state.values[i] for i in layer.inputs)
    result = state.typed.types[layer.id]
    context = LowerContext(
        state.build, layer.args, inputs, result, layer.name, layer.owner, state.fetch
    )
    value = LAYERS[layer.kind].lower(context)
    if layer.activation is None:
        return named(state, value, inputs, name)
    value = named(state, value, inputs, f"{layer.name}_z")
    active = LowerContext(
        state.build,
        layer.activation.args,
        (value,),
        result,
        layer.activation.name,
        layer.activation.name,
        state.fetch,
    )
    return named(state, LAYERS[layer.activation.kind].lower(active), (value,), name)


def named(state: Lowering, value: Value, inputs: tuple[Value, ...], hint: str) -> Value:
    """Call a new value by its layer's name; a value that came in keeps its own."""
    if any(value.id == given.id for given in inputs):
        return value
    return state.build.describe(value, hint=hint)


def value_name(typed: TypedGraph, layer: Layer) -> str:
    """The layer's name, or `y` where it is the model's only and unnamed output."""
    outputs = [o.name for o in typed.graph.outputs if o.layer == layer.id]
    return outputs[0] if len(outputs) == 1 else layer.name
