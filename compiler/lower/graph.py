"""Lowering of the typed layer graph to the forward op graph, including losses.

    dense 30 sigmoid   =>   %3 = matmul(%0, %1); %4 = add(%3, %2); %5 = sigmoid(%4)

Values get hints for the names in generated code: `dense1` for a layer's value, `dense1_z` for
its pre-activation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from ..ir.layer_graph import Layer, LayerGraph, Output, TypedGraph
from ..ir.op_graph import Origin, Role
from ..ir.types import DType, TensorType
from ..kinds.layer import Trailing
from ..kinds.lower.context import Ends, LowerContext
from ..layers import LAYERS
from ..ops.build import Builder, Value
from ..ops.lengths import lengths_before
from ..ops.ragged import mask_steps
from ..ops.source import leaf
from .losses import lower_losses

LayerLower = Callable[[LowerContext], Value]
"""The lowering of a layer, without its trailing activation."""


@dataclass(slots=True)
class Lowering:
    """The state of one lowering: the builder, and the values of layers and parameters.

    `instead` are lowerings of single layers, by id, that replace those of their kinds.
    """

    typed: TypedGraph
    build: Builder
    values: dict[int, Value] = field(default_factory=dict)
    params: dict[str, Value] = field(default_factory=dict)
    states: dict[str, Value] = field(default_factory=dict)
    lengths: dict[int, Value | None] = field(default_factory=dict)
    keys: dict[int, Value | None] = field(default_factory=dict)
    frozen: frozenset[str] = frozenset()
    followers: Mapping[int, frozenset[str]] = field(default_factory=dict)
    ends: dict[str, Ends] = field(default_factory=dict)
    instead: Mapping[int, LayerLower] = field(default_factory=dict)

    def fetch(self, name: str) -> Value:
        """Return the value of a parameter."""
        return self.params[name]

    def held(self, name: str) -> Value:
        """Return the value of a state array."""
        return self.states[name]


def lower(typed: TypedGraph, *, per_row: bool = False, shared: bool = False) -> Builder:
    """Lower every layer, then every loss and penalty; outputs are `out:NAME`, `loss:NAME`, `total`.

    With `per_row` the total is the sum of the losses of single rows, without the penalty; with
    `shared` the rows are a part of a batch, and `count:NAME` is what a mean divides by.
    """
    graph = typed.graph
    state = started(typed)
    lower_layers(state)
    if graph.losses:
        arrays = state.values, state.params, state.lengths
        lower_losses(typed, state.build, *arrays, per_row=per_row, shared=shared)
    return state.build


def started(typed: TypedGraph) -> Lowering:
    """Return a new lowering without layers."""
    return Lowering(
        typed,
        Builder(Origin("", (), Role.FORWARD)),
        frozen=typed.frozen_layers,
        followers=followers_of(typed.graph),
    )


def lower_layers(state: Lowering) -> None:
    """Lower every layer; outputs are `out:NAME`."""
    declare_params(state)
    for layer in state.typed.graph.layers:
        state.values[layer.id] = lower_layer(state, layer)
    for output in state.typed.graph.outputs:
        state.build.outputs[f"out:{output.name}"] = lower_output(state, output).id


def followers_of(graph: LayerGraph) -> dict[int, frozenset[str]]:
    """For each layer the kinds of those that begin with its last state (`start=`)."""
    found: dict[int, frozenset[str]] = {}
    for layer in graph.layers:
        if layer.args.get("start") is not None:
            source = layer.inputs[1]
            found[source] = found.get(source, frozenset()) | {layer.kind}
    return found


def declare_params(state: Lowering) -> None:
    """Emit a leaf for every parameter and state array."""
    for param in state.typed.params:
        state.build.origin = Origin(param.name, (param.span,), Role.FORWARD, hint=param.name)
        state.params[param.name] = leaf(
            state.build, "param", param.name, TensorType(tuple(param.shape))
        )

    for kept in state.typed.states:
        state.build.origin = Origin(kept.name, (kept.span,), Role.FORWARD, hint=kept.name)
        state.states[kept.name] = leaf(state.build, "state", kept.name, TensorType(kept.shape))


def lower_layer(state: Lowering, layer: Layer) -> Value:
    """Lower one layer and its trailing activation."""
    state.build.origin = Origin(layer.name, (layer.span,), Role.FORWARD)
    if layer.kind == "input":
        return lower_input(state, layer)
    kind, name = LAYERS[layer.kind], value_name(state.typed, layer)
    inputs = tuple(state.values[i] for i in layer.inputs)
    result = state.typed.types[layer.id]
    types = tuple(state.typed.types[i] for i in layer.inputs)
    own = layer.inputs[:1] if kind.own_lengths(types) else layer.inputs
    lengths = lengths_before(state.build, (state.lengths[i] for i in own))
    context = LowerContext(
        state.build,
        layer.args,
        inputs,
        result,
        layer.name,
        layer.owner,
        state.fetch,
        state.held,
        lengths,
        layer.activation,
        types,
        layer.owner in state.frozen,
        tuple(state.typed.graph.layers[i].name for i in layer.inputs),
        state.followers.get(layer.id, frozenset()),
        state.ends,
        tuple(state.lengths[i] for i in layer.inputs),
        tuple(state.keys.get(i) for i in layer.inputs),
    )
    value = state.instead.get(layer.id, kind.lower)(context)
    state.lengths[layer.id] = lengths_behind(state, layer, context) if result.ragged else None
    state.keys[layer.id] = kind.keys(context) if result.keys else None
    if layer.activation is None or kind.trailing is Trailing.OWN:
        return named(state, value, inputs, name)
    value = named(state, value, inputs, f"{layer.name}_z")
    active = replace(
        context,
        args=layer.activation.args,
        inputs=(value,),
        name=layer.activation.name,
        owner=layer.activation.name,
        lengths=state.lengths[layer.id],
        types=(result,),
        each_keys=(state.keys[layer.id],),
    )
    return named(state, LAYERS[layer.activation.kind].lower(active), (value,), name)


def lengths_behind(state: Lowering, layer: Layer, context: LowerContext) -> Value | None:
    """Return the row lengths after a layer, named after it if they are new."""
    lengths = LAYERS[layer.kind].lengths(context)
    given = [state.lengths[i] for i in layer.inputs]
    if lengths is None or any(n is not None and n.id == lengths.id for n in given):
        return lengths
    return state.build.describe(lengths, hint=f"{layer.name}_lengths")


def lower_input(state: Lowering, layer: Layer) -> Value:
    """Emit an input; the padding of a ragged one is cleared before it is read."""
    type, build = state.typed.types[layer.id].batched(), state.build
    name = value_name(state.typed, layer)
    value = build.describe(leaf(build, "input", layer.name, type), hint=name)
    state.lengths[layer.id] = None
    if not type.ragged:
        return value
    lengths = leaf(build, "lengths", layer.name, TensorType(type.shape[:1], DType.INT))
    state.lengths[layer.id] = build.describe(lengths, hint=f"{layer.name}_lengths")
    masked = mask_steps(value, lengths)
    return build.describe(masked, hint=f"{layer.name}_data", formula="zeros in place of padding")


def lower_output(state: Lowering, output: Output) -> Value:
    """Return an output's value, with padding set to zero."""
    value, lengths = state.values[output.layer], state.lengths[output.layer]
    if lengths is None:
        return value
    layer = state.typed.graph.layers[output.layer]
    assert layer.id == output.layer
    state.build.origin = Origin(layer.name, (layer.span,), Role.FORWARD)
    axis = state.typed.types[output.layer].ragged_axis + 1
    masked = mask_steps(value, lengths, axis)
    keys = state.keys[output.layer]
    if keys is not None:
        masked = mask_steps(masked, keys, value.type.rank - 1)
    return state.build.describe(masked, hint=output.name, formula="zeros in place of padding")


def named(state: Lowering, value: Value, inputs: tuple[Value, ...], hint: str) -> Value:
    """Name a new value after its layer; an input that is passed through keeps its name."""
    if any(value.id == given.id for given in inputs):
        return value
    return state.build.describe(value, hint=hint)


def value_name(typed: TypedGraph, layer: Layer) -> str:
    """Return the layer's name, or `y` if it is the model's only, unnamed output."""
    outputs = [o.name for o in typed.graph.outputs if o.layer == layer.id]
    return outputs[0] if len(outputs) == 1 else layer.name
