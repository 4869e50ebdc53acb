"""The optimizer's step in the graph of a training step, with names for the new parameters.

    reference = with_step(Reference.of(source), rate=0.1)
    reference.tensors["after_dense1.W"]

The optimizer's slots have the names of generated modules, `dense1.W.velocity`, and are state
leaves with their values before the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ..ir.layer_graph import ArgValue, TypedGraph
from ..ir.op_graph import Attr, Graph, Origin, Role
from ..ir.reading import number
from ..ir.types import TensorType
from ..kinds.arguments import Required
from ..kinds.lower.updates import UpdateContext
from ..kinds.optimizer import OptimizerKind
from ..ops.build import Builder, Value
from ..ops.source import const, leaf
from ..optimizers import OPTIMIZERS
from ..optimizers.registry import WITHOUT
from .interpreter import Array
from .reference import Reference
from .rewriting import Edit

AFTER = "after_"
"""The prefix of a parameter's name in the name of its value after the step."""


@dataclass(frozen=True, slots=True)
class Step:
    """The right step: the optimizer, its arguments, the rate, the step count, the slots.

    `count` is 1 in the first step. `slots` are the nodes of the slots, by parameter and slot.
    Weight decay leaves out the parameters in `spared`.
    """

    kind: OptimizerKind
    args: Mapping[str, ArgValue]
    rate: float
    count: int
    slots: Mapping[str, Mapping[str, int]]
    numbers: Mapping[str, int]
    spared: frozenset[str] = frozenset()

    def number(self, name: str) -> float:
        """Return a numeric argument, or 0 if the optimizer has none of that name."""
        return number(self.args[name]) if name in self.args else 0.0

    def decay_of(self, param: str) -> float:
        """The weight decay of a parameter."""
        return 0.0 if param in self.spared else self.number("weight_decay")


def with_step(reference: Reference, rate: float, count: int = 1) -> tuple[Reference, Step]:
    """Return the network with the optimizer's step, `after_NAME` for every trained parameter.

    Raises ValueError if gradients are clipped, which is not supported here, or if the parameters
    are solved for in closed form.
    """
    typed = reference.typed
    if typed.graph.training.clip is not None:
        raise ValueError("clipped gradients are not followed to the parameters after a step")
    kind, args = _optimizer(typed)
    nodes = list(reference.graph.nodes)
    build = Builder(Origin(kind.name, nodes[-1].origin.spans, Role.UPDATE), nodes)
    numbers = {n: leaf(build, "state", n, TensorType(())).id for n in kind.numbers}
    slots: dict[str, dict[str, int]] = {}
    for name in _trained(reference):
        type = reference.node(name).type
        own = {s: leaf(build, "state", f"{name}.{s}", type).id for s in kind.slots}
        slots[name] = own
    step = Step(kind, args, rate, count, slots, numbers, _spared(typed, args))
    tensors = dict(reference.tensors)
    for name in slots:
        ids = (reference.tensors[name], reference.tensors[f"d_{name}"])
        tensors[f"{AFTER}{name}"] = update(build, step, name, *ids).id
    graph = Graph(tuple(build.nodes), reference.graph.outputs, reference.graph.batch)
    return replace(reference, graph=graph, tensors=tensors), step


def update(build: Builder, step: Step, name: str, param: int, gradient: int) -> Value:
    """Emit the optimizer's formula for one parameter."""
    context = UpdateContext(
        build,
        {**step.args, "weight_decay": step.decay_of(name)},
        build.value(param),
        build.value(gradient),
        const(build, step.rate),
        const(build, float(step.count)),
        {slot: build.value(id) for slot, id in step.slots[name].items()},
        {slot: build.value(id) for slot, id in step.numbers.items()},
    )
    return step.kind.update(context)


def starting_memory(reference: Reference, step: Step) -> dict[str, Array]:
    """Return the initial values of the optimizer's slots."""
    found: dict[str, Array] = {n: np.array(v) for n, v in step.kind.numbers.items()}
    for param, slots in step.slots.items():
        for slot, id in slots.items():
            shape = reference.graph[id].type.shape
            start = step.number(step.kind.starts[slot]) if slot in step.kind.starts else 0.0
            found[f"{param}.{slot}"] = np.full([n for n in shape if isinstance(n, int)], start)
    return found


class EditBuilder(Builder):
    """A builder that adds to an edit; new nodes have the origin of `like`."""

    def __init__(self, edit: Edit, like: int) -> None:
        super().__init__(edit.nodes[like].origin)
        self.edit, self.like = edit, like

    def emit(self, op: str, *inputs: Value, **attrs: Attr) -> Value:
        """Add a node to the edit."""
        return self.value(self.edit.emit(self.like, op, *(v.id for v in inputs), **attrs))

    def describe(self, value: Value, *, formula: str = "", hint: str = "", note: str = "") -> Value:
        """Return the value unchanged: mistakes have no comments."""
        return value

    def value(self, id: int) -> Value:
        """Return a handle to a node of the edit."""
        return Value(id, self.edit.nodes[id].type, self)


def _optimizer(typed: TypedGraph) -> tuple[OptimizerKind, Mapping[str, ArgValue]]:
    """Return a spec's optimizer and its arguments; plain gradient descent if it names none."""
    setting = typed.graph.training.optimizer
    kind = OPTIMIZERS[setting.kind if setting else WITHOUT]
    if not any(spec.name == "lr" for spec in kind.args):
        raise ValueError(f"{kind.name} takes no step that could be followed")
    defaults = {a.name: a.default for a in kind.args if not isinstance(a.default, Required)}
    return kind, setting.args if setting else defaults


def _spared(typed: TypedGraph, args: Mapping[str, ArgValue]) -> frozenset[str]:
    """The parameters that weight decay leaves out."""
    if args.get("decay") != "weights":
        return frozenset()
    return frozenset(p.name for p in typed.params if p.role != "weight")


def _trained(reference: Reference) -> list[str]:
    """Return the parameters that have a gradient."""
    return [n for n, t in reference.gradients().items() if t in reference.tensors]
