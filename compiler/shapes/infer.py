"""Shape inference: gives every layer's value a type and collects the parameters.

    input 784 -> dense 30 relu -> dense 10     =>     784, 30, 10
                                                      dense1.W (784, 30), dense1.b (30,), …

Layers are processed in source order, so the types of their inputs are known. After a fault the
shape is unknown, and a layer is refused only if it is wrong for every possible input (see
`unknown`): one fault gives one error, and independent faults are all reported."""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..diagnostics.codes import limits as codes
from ..diagnostics.model import Report
from ..ir.bounds import MAX_AXES, MAX_MEMORY
from ..ir.dims import Dim, TooManyTerms, product
from ..ir.layer_graph import ArgValue, Call, Layer, LayerGraph, Loss, Parameter, State, TypedGraph
from ..ir.sizes import entries
from ..ir.types import TensorType
from ..kinds.layer import ParamSpec, StateSpec, no_params
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import refuse_mixing
from ..layers import LAYERS
from ..source import Span
from . import ways as _ways  # noqa: F401  (registers the remedies of faults)
from .faults import Known, Site, layer_diagnostic, loss_diagnostic
from .losses import check_ignored, check_loss
from .parameters import check_init, check_shared, default_init, fixed_shape
from .unknown import Possible, Refusal, Types, shown, shown_type


@dataclass(slots=True)
class Inference:
    """The state of inference; `owned` holds each layer's parameters by suffix.

    Values too large for any memory (`immense`) have a type, but no values derived from them: sizes
    would grow without bound. Such a network is refused when its memory is counted."""

    report: Report
    known: Known
    types: dict[int, TensorType]
    by_name: Mapping[str, Layer]
    readers: Mapping[int, list[Layer]]
    failed: set[int] = field(default_factory=set)
    immense: set[int] = field(default_factory=set)
    said: set[tuple[Span, str, str]] = field(default_factory=set)
    params: dict[str, Parameter] = field(default_factory=dict)
    owned: dict[str, dict[str, Parameter]] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    conditions: list[Dim] = field(default_factory=list)
    possible: Possible = field(default_factory=Possible)


def infer(graph: LayerGraph, report: Report) -> TypedGraph:
    """Infer the type of every layer where possible, and report the rest."""
    return typed_graph(graph, inferred(graph, report))


def inferred(graph: LayerGraph, report: Report) -> Inference:
    """Infer all that can be known of a graph, and judge its losses."""
    state = infer_layers(graph.layers, report)
    types = state.types
    for loss in graph.losses:
        if all(i in types for i in loss.layers):
            infer_loss(state, loss, graph.losses)
        elif not loss.more:
            guess_loss(state, loss)
    return state


def typed_graph(graph: LayerGraph, state: Inference) -> TypedGraph:
    """Return the graph with the types and parameters that are certain."""
    params, states = tuple(state.params.values()), tuple(state.states.values())
    return TypedGraph(graph, sound(graph, state.types), params, states, tuple(state.conditions))


def judge_apart(layers: Sequence[Layer], report: Report) -> None:
    """Report certain faults in the layers of a block that is never expanded."""
    infer_layers(layers, report)


def infer_layers(layers: Sequence[Layer], report: Report) -> Inference:
    """Infer or assume the types of the layers, in order."""
    types: dict[int, TensorType] = {}
    known = Known({layer.id: layer for layer in layers}, types)
    by_name = {layer.name: layer for layer in layers}
    state = Inference(report, known, types, by_name, readers_of(layers))
    for layer in layers:
        if can_be_typed(state, layer):
            infer_layer(state, layer)
        else:
            state.failed.add(layer.id)
            guess_layer(state, layer)
    return state


def sound(graph: LayerGraph, types: dict[int, TensorType]) -> dict[int, TensorType]:
    """Return the types that do not depend on layers with omitted faulty arguments.

    For the others the sizes are certain, but not what they compute, which lints judge."""
    if not any(layer.repaired for layer in graph.layers):
        return types
    doubtful: set[int] = set()
    for layer in graph.layers:
        if layer.repaired or doubtful.intersection(layer.inputs):
            doubtful.add(layer.id)
    return {i: type for i, type in types.items() if i not in doubtful}


def readers_of(layers: Iterable[Layer]) -> dict[int, list[Layer]]:
    """Return the readers of every layer's value."""
    readers: dict[int, list[Layer]] = defaultdict(list)
    for layer in layers:
        for i in layer.inputs:
            readers[i].append(layer)
    return readers


def can_be_typed(state: Inference, layer: Layer) -> bool:
    """Return whether all inputs of a layer are known, and the owner of its parameters."""
    names = (layer.shares, layer.args.get("tie"))
    owners = (state.by_name[name] for name in names if isinstance(name, str))
    types, immense = state.types, state.immense
    return all(i in types and i not in immense for i in layer.inputs) and not any(
        owner.id in state.failed for owner in owners
    )


def infer_layer(state: Inference, layer: Layer) -> None:
    """Infer the type of a layer and its trailing activation, and record their parameters."""
    types = state.types
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
        else:
            state.possible.types[layer.id] = behind_refused(state, layer)
    if layer.id in types and entries(types[layer.id].shape) > MAX_MEMORY:
        state.immense.add(layer.id)


def report_once(
    state: Inference, site: Site, fault: ShapeFault, known: Known | None = None
) -> None:
    """Report a fault, but only once for all copies of a repeat."""
    key = (site.whole, fault.at, fault.message)
    if key not in state.said:
        state.said.add(key)
        state.report.add(layer_diagnostic(known or state.known, site, fault))


def infer_loss(state: Inference, loss: Loss, losses: Sequence[Loss]) -> None:
    """Check that a loss fits its output."""
    try:
        more = [state.types[i] for i in loss.more]
        check_loss(loss, state.known.layers[loss.layer], state.types[loss.layer], more)
        check_ignored(loss, losses)
    except ShapeFault as fault:
        state.report.add(loss_diagnostic(state.known, loss, fault))


# --- after a fault ------------------------------------------------------------------------


def behind_refused(state: Inference, layer: Layer) -> Types:
    """Return the possible types after a layer that refused its input.

    Another input may have been intended or, for a layer without weights, its removal."""
    found = state.possible.after(
        len(layer.inputs), lambda inputs: guessed_type(state, layer, inputs)
    )
    alone = len(layer.inputs) == 1 and LAYERS[layer.kind].params is no_params
    return (*found, state.types[layer.inputs[0]]) if alone else found


def guess_layer(state: Inference, layer: Layer) -> None:
    """Find the possible types of a layer after a fault; report it if it is wrong for all inputs."""
    possible, types = state.possible, state.types
    if any(i in state.immense for i in layer.inputs):
        state.immense.add(layer.id)
        return
    verdict = possible.judge(layer.inputs, types, lambda inputs: guessed_type(state, layer, inputs))
    possible.types[layer.id] = verdict.results
    if verdict.refusal is not None:
        refusal, inputs = verdict.refusal, zip(layer.inputs, verdict.inputs, strict=True)
        known = Known(state.known.layers, thought(state, dict(inputs)))
        report_once(state, refusal.site, shown(refusal.fault), known)


def guess_loss(state: Inference, loss: Loss) -> None:
    """Report a loss that is wrong for every possible output."""
    layer = state.known.layers[loss.layer]

    def rule(inputs: Types) -> TensorType:
        try:
            check_loss(loss, layer, inputs[0])
        except ShapeFault as fault:
            raise Refusal(Site(layer), fault) from None
        return inputs[0]

    verdict = state.possible.judge((loss.layer,), state.types, rule)
    if verdict.refusal is not None:
        known = Known(state.known.layers, thought(state, {loss.layer: verdict.inputs[0]}))
        state.report.add(loss_diagnostic(known, loss, shown(verdict.refusal.fault)))


def thought(state: Inference, types: Mapping[int, TensorType]) -> Mapping[int, TensorType]:
    """Return the known types with assumptions for the unknown ones, for a message."""
    guessed = {i: shown_type(type) for i, type in types.items() if i not in state.types}
    return ChainMap(guessed, state.types)


def guessed_type(state: Inference, layer: Layer, inputs: Types) -> TensorType:
    """Return a layer's type for these inputs, without recording it; raises Refusal."""
    site = Site(layer)
    try:
        type = guessed_kind(state, layer, layer.kind, layer.args, inputs, layer.owner)
        if (activation := layer.activation) is not None:
            site = Site(layer, activation, shown_type(type))
            args, name = activation.args, activation.name
            type = guessed_kind(state, layer, activation.kind, args, (type,), name)
    except ShapeFault as fault:
        raise Refusal(site, fault) from None
    return type


def guessed_kind(
    state: Inference,
    layer: Layer,
    kind: str,
    args: Mapping[str, ArgValue],
    inputs: Types,
    owner: str,
) -> TensorType:
    """Return a kind's type for these inputs; parameters of known size are checked."""
    tied = owned_by(state, args.get("tie"))
    if not tied and args.get("tie"):
        args = {**args, "tie": None}
    context = ShapeContext(layer, args, inputs, tied, kind, feeds_of(state, layer))
    type = result_type(kind, context)
    try:
        for spec in LAYERS[kind].params(context):
            shape = tuple(n for n in spec.shape if isinstance(n, int))
            if len(shape) < len(spec.shape):
                continue
            check_init(spec, shape)
            parameter = state.params.get(f"{owner}.{spec.suffix}")
            if parameter is not None:
                check_shared(layer, parameter, shape)
    except ShapeFault as fault:
        fault.result = type
        raise
    return type


def feeds_of(state: Inference, layer: Layer) -> tuple[Layer | None, ...]:
    """Return the layers that a layer's inputs come from; None where there was a fault."""
    return tuple(state.known.layers.get(i) for i in layer.inputs)


def owned_by(state: Inference, name: ArgValue) -> Mapping[str, Parameter]:
    """Return the known parameters of the layer that `tie=` names."""
    return state.owned.get(state.by_name[name].owner, {}) if isinstance(name, str) else {}


# --- one kind -----------------------------------------------------------------------------


def apply_kind(
    state: Inference,
    layer: Layer,
    kind: str,
    args: Mapping[str, ArgValue],
    inputs: tuple[TensorType, ...],
    owner: str,
) -> TensorType:
    """Return a kind's type for its inputs; its parameters are recorded under `owner`."""
    tied = owned_by(state, args.get("tie"))
    context = ShapeContext(layer, args, inputs, tied, kind, feeds_of(state, layer))
    type = result_type(kind, context)
    own = args.get("frozen")
    frozen = layer.frozen if own is None else bool(own)
    try:
        for spec in LAYERS[kind].params(context):
            note_parameter(state, layer, spec, owner, frozen)
        for kept in LAYERS[kind].states(context):
            note_state(state, layer, kept, owner)
        state.conditions += LAYERS[kind].conditions(context)
    except ShapeFault as fault:
        fault.result = type
        raise
    return type


def result_type(kind: str, context: ShapeContext) -> TensorType:
    """Return the type by the kind's own rule, unless no array can have such a shape."""
    layer = context.layer
    check_padding(kind, context)
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


def check_padding(kind: str, context: ShapeContext) -> None:
    """Refuse a value with padding along two axes where a kind knows one at most."""
    blame = next((i for i, type in enumerate(context.inputs) if type.keys), None)
    if blame is None or LAYERS[kind].knows_keys:
        return
    raise refuse_mixing(
        context,
        "work on a value with padding along two axes",
        "put `softmax` behind `dot` and join its value with the second sequence by `matmul`",
        blame=blame,
    )


def note_state(state: Inference, layer: Layer, spec: StateSpec, owner: str) -> None:
    """Record an array of state; under `use` it exists already, with the parameters' shape."""
    name = f"{owner}.{spec.suffix}"
    shape = fixed_shape(layer, spec)
    state.states.setdefault(name, State(name, shape, spec.start, layer.span))


def note_parameter(
    state: Inference, layer: Layer, spec: ParamSpec, owner: str, frozen: bool
) -> None:
    """Record a parameter, or check another use of an existing one."""
    name = f"{owner}.{spec.suffix}"
    shape = fixed_shape(layer, spec)
    if name in state.params:
        check_shared(layer, state.params[name], shape)
        return
    check_init(spec, shape)
    init = spec.init or Call(default_init(layer, state.readers.get(layer.id, [])), {}, layer.head)
    fan_in, fan_out = (n if isinstance(n, int) else 1 for n in (spec.fan_in, spec.fan_out))
    parameter = Parameter(name, shape, spec.role, init, fan_in, fan_out, layer.span, frozen)
    state.params[name] = parameter
    state.owned.setdefault(owner, {})[spec.suffix] = parameter
