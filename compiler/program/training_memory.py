"""The memory of training at -O1, computed from the plan before any code is generated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

from ..ir.bounds import DEFAULT_BATCH
from ..ir.dims import Dim, Shape, evaluate, product, substitute, symbols, total
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Node
from ..ir.sizes import entry_bytes, float_bytes
from ..ir.types import DType, TensorType
from ..losses.registry import target_kind
from ..lower.losses import target_layers, target_name
from ..passes.pipeline import Function
from .functions import build_functions, optimise_functions
from .places import Place
from .program import Abilities, Planned, plan_program
from .shortened import shortened


class Scratch(Abilities, Protocol):
    """The property of a target that the memory estimate needs."""

    def scratch(self, node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
        """Return the bytes of the arrays that an op allocates for itself, where large."""


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes of the arrays that exist at once in a training step, for one batch size.

    `optimizer` is its state and workspace, `kept` the values that forward keeps for backward,
    `work` the shared arrays, `passing` the largest temporary array of a helper function. The data,
    and Python itself, are not counted."""

    parameters: int
    gradients: int
    optimizer: int
    kept: Dim
    work: Dim
    passing: Dim

    @property
    def total(self) -> Dim:
        """The sum of all parts."""
        flat = self.parameters + self.gradients + self.optimizer
        return flat + self.kept + self.work + self.passing


def training_memory(typed: TypedGraph, batch: int, target: Scratch) -> TrainingMemory | None:
    """Return the planned memory of training for a target; None if there is no loss.

    Symbolic sizes other than the batch stay symbols. Of equal consecutive stretches only the first,
    one in the middle and the last are planned; all between keep as much as the middle one."""
    if not typed.graph.losses:
        return None
    few, times = shortened(typed)
    program = plan_program(optimise_functions(build_functions(few), 1), 1, target)
    training, dtype = program.training, typed.graph.dtype
    wide = float_bytes(dtype)
    flat = wide * sum(prod(p.shape) for p in typed.params)
    trained = wide * sum(prod(p.shape) for p in typed.trained)
    states = wide * sum(prod(s.shape) for s in typed.states)
    extra, update = 1, program.update
    if update is not None:
        extra = len(update.kernel.graph.outputs_for("slot")) + update.temporaries
    held = _holders(training)
    arrays = [
        (b.shape, b.dtype, b.kept, times.get(held[place], 1) if b.kept else 1)
        for place, b in training.plan.buffers.items()
    ]
    arrays += [(shape, DType.FLOAT, False, 1) for shape in program.ones]
    arrays += [(shape, DType.FLOAT, True, 1) for shape in _one_hot(few, training.kernels.graph)]
    sizes = [
        (substitute(product(s), "B", batch) * entry_bytes(TensorType(s, d), dtype) * n, kept)
        for s, d, kept, n in arrays
    ]
    return TrainingMemory(
        parameters=flat + states,
        gradients=trained,
        optimizer=extra * trained,
        kept=total(size for size, kept in sizes if kept),
        work=total(size for size, kept in sizes if not kept),
        passing=_passing(program.functions[Function.TRAINING], batch, wide, target),
    )


def _one_hot(typed: TypedGraph, graph: Graph) -> Iterator[Shape]:
    """Yield the shapes of the arrays that hold class ids as one-hot rows."""
    classes = set()
    for layer in target_layers(typed):
        kinds = {loss.setting.kind for loss in typed.graph.losses if loss.layer == layer}
        if target_kind(kinds) == "classes":
            classes.add(target_name(typed, layer))
    return (n.type.shape for n in graph if n.op == "target" and n.attr("name") in classes)


def _holders(planned: Planned) -> dict[Place, str]:
    """Return the layer of the first value in each array."""
    found: dict[Place, str] = {}
    for plan in planned.plan.kernels.values():
        for id, place in plan.of.items():
            found.setdefault(place, planned.kernels.graph[id].origin.layer)
    return found


def _passing(graph: Graph, batch: int, wide: int, target: Scratch) -> Dim:
    """Return the bytes of the largest temporary arrays of one op."""
    sizes = []
    for node in graph:
        types = (graph[i].type.shape for i in node.inputs)
        shapes = [tuple(substitute(n, "B", batch) for n in shape) for shape in types]
        sizes.append(target.scratch(node, shapes, wide))
    return max(sizes, key=usual, default=0)


def usual(size: Dim) -> int:
    """Return a size for comparisons, with a default for symbols."""
    return evaluate(size, dict.fromkeys(symbols(size), DEFAULT_BATCH))
