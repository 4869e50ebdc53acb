"""The network of one position: the same layers, each by its step rule, without the axis of positions.

    input Tx8 -> dense 4 -> gru 3    (B, T, 8), (B, T, 4), (B, 3)
    one position                     (B, 8),    (B, 4),    (B, 3), and gru1.h (B, 3) is remembered

Losses judge whole sequences and are left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from ..diagnostics.codes import shapes as codes
from ..diagnostics.model import Diagnostic, Edit, Fix
from ..ir.layer_graph import Activation, Layer, TypedGraph
from ..ir.op_graph import Graph
from ..ir.types import TensorType
from ..kinds.layer import Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.stepping.context import LooksAhead, StepContext, StepLower, Stepped
from ..kinds.stepping.memory import Memory, Remembered
from ..layers import LAYERS
from ..lower.graph import lower_layers, started
from ..ops.build import Value
from ..shapes.faults import call_labels
from .axes import CannotStep, Times, possible_times

__all__ = ["CannotStep", "Stepping", "step_network"]


@dataclass(frozen=True, slots=True)
class Stepping:
    """A network at one position.

    `typed` has the types of one position, `graph` the ops (outputs `out:NAME`, and `stream:NAME` for
    what is remembered), `stream` the arrays that are remembered. `most` says how many positions
    layers can tell apart, where that is bounded; `axes` are those of the positions in the inputs, in
    order; `per_step` are the outputs that the whole sequence
    gives at every position, the others are those of the sequence so far.
    """

    typed: TypedGraph
    graph: Graph
    stream: tuple[Remembered, ...]
    most: Mapping[str, int]
    per_step: frozenset[str]
    axes: tuple[int | None, ...]


@dataclass(slots=True)
class _Plan:
    """The result for the layers so far: axes of the positions, and the layers at one position."""

    typed: TypedGraph
    times: dict[int, int | None]
    layers: list[Layer] = field(default_factory=list)
    instead: dict[int, StepLower] = field(default_factory=dict)
    most: dict[str, int] = field(default_factory=dict)


def step_network(typed: TypedGraph) -> Stepping:
    """Return the network of one position; raises CannotStep if a layer looks ahead."""
    faults = []
    for times in possible_times(typed):
        try:
            return _lowered(_planned(typed, times))
        except _Refused as refused:
            faults.append(refused)
    told = max(faults, key=lambda refused: (not refused.fault.misread, refused.layer.id))
    raise CannotStep(_diagnostic(told.layer, told.activation, told.fault))


class _Refused(Exception):
    """A layer that cannot be computed at one position, with the positions along some axis."""

    def __init__(self, layer: Layer, activation: Activation | None, fault: LooksAhead) -> None:
        super().__init__(fault.why)
        self.layer, self.activation, self.fault = layer, activation, fault


def _planned(typed: TypedGraph, times: Times) -> _Plan:
    plan = _Plan(typed, dict(times))
    for layer in typed.graph.layers:
        if layer.kind == "input":
            plan.layers.append(layer)
            continue
        try:
            stepped = _stepped(plan, layer)
        except LooksAhead as fault:
            raise _Refused(layer, None, fault) from None
        plan.times[layer.id] = stepped.time
        plan.layers.append(replace(layer, args=stepped.args or layer.args))
        if stepped.lower is not None:
            plan.instead[layer.id] = stepped.lower
        if stepped.most is not None:
            plan.most[layer.name] = stepped.most
        _check_activation(plan, layer)
    return plan


def _stepped(plan: _Plan, layer: Layer) -> Stepped:
    """Return the step of a layer; a layer without positions in its inputs is unchanged."""
    times = {plan.times[i] for i in layer.inputs}
    if times == {None}:
        return Stepped(None)
    if len(times) > 1:
        raise LooksAhead(
            f"{layer.kind} puts positions together with what is one value for the whole sequence, "
            "or with positions along another axis",
            help="give all branches their positions along the same axis",
        )
    (time,) = times
    assert time is not None
    types = tuple(plan.typed.types[i] for i in layer.inputs)
    result = plan.typed.types[layer.id]
    context = StepContext(layer, layer.args, types, result, time, layer.kind)
    return LAYERS[layer.kind].step(context)


def _check_activation(plan: _Plan, layer: Layer) -> None:
    """Check that the trailing activation works at one position, too."""
    own, time = layer.activation, plan.times[layer.id]
    if own is None or time is None or LAYERS[layer.kind].trailing is Trailing.OWN:
        return
    type = plan.typed.types[layer.id]
    try:
        LAYERS[own.kind].step(StepContext(layer, own.args, (type,), type, time, own.kind))
    except LooksAhead as fault:
        raise _Refused(layer, own, fault) from None


def _lowered(plan: _Plan) -> Stepping:
    typed = _at_one_position(plan)
    state, stream = started(typed), list[Remembered]()
    for layer in plan.layers:
        if layer.id in plan.instead:
            memory = Memory(state.build, layer.name, stream, _length(plan, layer))
            lower = partial(_remembering, lower=plan.instead[layer.id], memory=memory)
            state.instead = {**state.instead, layer.id: lower}
    lower_layers(state)
    outputs = typed.graph.outputs
    per_step = frozenset(o.name for o in outputs if plan.times[o.layer] is not None)
    axes = tuple(plan.times[n.id] for n in plan.layers if n.kind == "input")
    return Stepping(typed, state.build.graph(), tuple(stream), plan.most, per_step, axes)


def _remembering(c: LowerContext, lower: StepLower, memory: Memory) -> Value:
    return lower(c, memory)


def _length(plan: _Plan, layer: Layer) -> int | None:
    """Return the number of positions in a layer's input if it is fixed."""
    first, *_ = layer.inputs
    time = plan.times[first]
    size = None if time is None else plan.typed.types[first].shape[time]
    return size if isinstance(size, int) else None


def _at_one_position(plan: _Plan) -> TypedGraph:
    """Return the network with the types of one position, and without losses."""
    graph = replace(plan.typed.graph, layers=tuple(plan.layers), losses=())
    types = {i: without_time(type, plan.times[i]) for i, type in plan.typed.types.items()}
    return replace(plan.typed, graph=graph, types=types)


def without_time(type: TensorType, time: int | None) -> TensorType:
    """Return the type without the axis of the positions, and without padding along it.

    >>> str(without_time(TensorType((6, 8), ragged=True), 0))
    '8'
    """
    if time is None:
        return TensorType(type.shape, type.dtype)
    return TensorType((*type.shape[:time], *type.shape[time + 1 :]), type.dtype)


def _diagnostic(layer: Layer, activation: Activation | None, fault: LooksAhead) -> Diagnostic:
    place = None if activation else layer.given.get(fault.at)
    span = place or (activation.span if activation else layer.span)
    fixes = []
    if place is not None and fault.replace:
        fixes.append(Fix(fault.help, (Edit(place, fault.replace),)))
    return codes.LOOKS_AHEAD.at(
        span,
        f"{layer.name} cannot be computed one position at a time",
        here=fault.why,
        labels=call_labels(layer),
        notes=["--emit step is for networks in which no position depends on a later one"],
        help=fault.help,
        fixes=fixes,
    )
