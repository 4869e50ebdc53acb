"""Shape inference: gives every layer's value a type and collects the parameters.

    input 784 -> dense 30 relu -> dense 10     =>     784, 30, 10
                                                      dense1.W (784, 30), dense1.b (30,), …

Layers are met in source order, so each finds the types of its inputs. A layer whose input
could not be typed is passed over in silence: one fault gives one error, and faults that do
not follow from each other are all reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..diagnostics.codes import limits as codes
from ..diagnostics.model import Report
from ..ir.dims import Dim, TooManyTerms, product
from ..ir.layer_graph import (
    ArgValue,
    Call,
    Layer,
    LayerGraph,
    Loss,
    Parameter,
    State,
    TypedGraph,
)
from ..ir.types import TensorType
from ..layers import LAYERS
from ..layers.registry import ParamSpec, StateSpec
from ..limits.bounds import MAX_AXES, MAX_MEMORY
from ..limits.sizes import entries
from ..source import Span
from . import ways as _ways  # noqa: F401  (enters the ways out of faults)
from .context import ShapeContext, ShapeFault
from .faults import Known, Site, layer_diagnostic, loss_diagnostic
from .losses import check_loss
from .parameters import check_init, check_shared, default_init, fixed_shape


@dataclass(slots=True)
class Inference:
    """What is known so far; `owned` holds each layer's parameters by suffix.

    Values that no memory can hold (`immense`) have a type, but nothing that follows from them:
    sizes would grow without measure. Such a network is refused when its memory is counted.
    """

    report: Report
    known: Known
    by_name: Mapping[str, Layer]
    readers: Mapping[int, list[Layer]]
    failed: set[int] = field(default_factory=set)
    immense: set[int] = field(default_factory=set)
    said: set[tuple[Span, str, str]] = field(default_factory=set)
    params: dict[str, Parameter] = field(default_factory=dict)
    owned: dict[str, dict[str, Parameter]] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    conditions: list[Dim] = field(default_factory=list)


def infer(graph: LayerGraph, report: Report) -> TypedGraph:
    """Type every layer that can be typed and report the rest."""
    known = Known({layer.id: layer for layer in graph.layers}, {})
    state = Inference(report, known, graph.by_name(), readers_of(graph.layers))
    for layer in graph.layers:
        if can_be_typed(state, layer):
            infer_layer(state, layer)
        else:
            state.failed.add(layer.id)
    for loss in graph.losses:
        if loss.layer in known.types:
            infer_loss(state, loss)
    params, states = tuple(state.params.values()), tuple(state.states.values())
    return TypedGraph(graph, known.types, params, states, tuple(state.conditions))


def readers_of(layers: Iterable[Layer]) -> dict[int, list[Layer]]:
    """For every layer the layers that read its value."""
    readers: dict[int, list[Layer]] = defaultdict(list)
    for layer in layers:
        for i in layer.inputs:
            readers[i].append(layer)
    return readers


def can_be_typed(state: Inference, layer: Layer) -> bool:
    """Whether all that the layer builds on is known, its parameters' owner included."""
    names = (layer.shares, layer.args.get("tie"))
    owners = (state.by_name[name] for name in names if isinstance(name, str))
    types, immense = state.known.types, state.immense
    return all(i in types and i not in immense for i in layer.inputs) and not any(
        owner.id in state.failed for owner in owners
    )


def infer_layer(state: Inference, layer: Layer) -> None:
    """Type one layer and its trailing activation, and note their parameters."""
    types = state.known.types
    site = Site(layer)
    try:
        inputs = tuple(types[i] for i in layer.inputs)
        type = apply_kind(state, layer, layer.kind, layer.args, inputs, layer.owner)
        if (activation := layer.activation) is not None:
            site = Site(layer, activation, type)
            type = apply_kind(
                state, layer, activation.kind, activation.args, (type,), activation.name
            )
        types[layer.id] = type
    except ShapeFault as fault:
        state.failed.add(layer.id)
        report_once(state, site, fault)
        if fault.result is not None:
            types[layer.id] = fault.result
    if layer.id in types and entries(types[layer.id].shape) > MAX_MEMORY:
        state.immense.add(layer.id)


def report_once(state: Inference, site: Site, fault: ShapeFault) -> None:
    """Report a fault, but not again for every copy of a repeat."""
    key = (site.whole, fault.at, fault.message)
    if key not in state.said:
        state.said.add(key)
        state.report.add(layer_diagnostic(state.known, site, fault))


def infer_loss(state: Inference, loss: Loss) -> None:
    """Check that a loss can judge its output."""
    try:
        check_loss(loss, state.known.layers[loss.layer], state.known.types[loss.layer])
    except ShapeFault as fault:
        state.report.add(loss_diagnostic(state.known, loss, fault))


def apply_kind(
    state: Inference,
    layer: Layer,
    kind: str,
    args: Mapping[str, ArgValue],
    inputs: tuple[TensorType, ...],
    owner: str,
) -> TensorType:
    """The type a kind gives to its inputs; its parameters are noted under `owner`."""
    tie = args.get("tie")
    tied = state.owned.get(state.by_name[tie].owner, {}) if isinstance(tie, str) else {}
    context = ShapeContext(layer, args, inputs, tied, kind)
    type = result_type(kind, context)
    try:
        for spec in LAYERS[kind].params(context):
            note_parameter(state, layer, spec, owner)
        for kept in LAYERS[kind].states(context):
            note_state(state, layer, kept, owner)
        state.conditions += LAYERS[kind].conditions(context)
    except ShapeFault as fault:
        fault.result = type
        raise
    return type


def result_type(kind: str, context: ShapeContext) -> TensorType:
    """The type by the kind's own rule, unless no array can have such a shape."""
    layer = context.layer
    try:
        type = LAYERS[kind].shape(context)
        product(type.shape)
    except TooManyTerms as error:
        raise ShapeFault(
            codes.TOO_MANY_AXES,
            f"the size of {layer.name} would be an expression of {error}",
            here="too many symbolic dimensions meet here",
            help="write numbers for some of them in the shapes of the inputs",
        ) from None
    if type.rank > MAX_AXES:
        raise ShapeFault(
            codes.TOO_MANY_AXES,
            f"the value of {layer.name} would have {type.rank} axes",
            here=f"at most {MAX_AXES}, not counting the batch",
        )
    return type


def note_state(state: Inference, layer: Layer, spec: StateSpec, owner: str) -> None:
    """Add an array of state; under `use` it is there already, and its shape the parameters'."""
    name = f"{owner}.{spec.suffix}"
    shape = fixed_shape(layer, spec)
    state.states.setdefault(name, State(name, shape, spec.start, layer.span))


def note_parameter(state: Inference, layer: Layer, spec: ParamSpec, owner: str) -> None:
    """Add a parameter, or, where it is there already, hold this use against it."""
    name = f"{owner}.{spec.suffix}"
    shape = fixed_shape(layer, spec)
    if name in state.params:
        check_shared(layer, state.params[name], shape)
        return
    check_init(spec, shape)
    init = spec.init or Call(default_init(layer, state.readers.get(layer.id, [])), {}, layer.head)
    fan_in, fan_out = (n if isinstance(n, int) else 1 for n in (spec.fan_in, spec.fan_out))
    parameter = Parameter(name, shape, spec.role, init, fan_in, fan_out, layer.span)
    state.params[name] = parameter
    state.owned.setdefault(owner, {})[spec.suffix] = parameter
