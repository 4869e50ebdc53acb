"""The planned functions of a network: the kernel and the place of every value.

It holds all decisions that do not depend on the target; a target names and writes them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from ..costs.layout import stored_by_rows
from ..ir.dims import Shape
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Node
from ..passes.pipeline import BUFFER_REUSE, IN_PLACE, LAYOUT, Function
from .buffers import MayOverwrite, Plan, plan_buffers
from .functions import Functions
from .kernels import Kernels, single, split
from .sizes import keep_sizes
from .update import UpdatePlan, plan_update


class Abilities(Protocol):
    """The properties of a target that planning needs."""

    def may_overwrite(self, node: Node, operand: int) -> bool:
        """Return whether an op's value may overwrite this operand, entry by entry."""

    def makes(self, node: Node) -> bool:
        """Return whether an op, without a planned array, always makes a new one, never a view."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A function's kernels and the places of their values; without places at -O0."""

    kernels: Kernels
    plan: Plan


@dataclass(frozen=True, slots=True)
class Program:
    """The functions of a module, each planned.

    `by_rows` are the parameters in row-major order; the others are in column-major order."""

    functions: Functions
    level: int
    planned: Mapping[Function, Planned]
    by_rows: frozenset[str]
    update: UpdatePlan | None

    @property
    def typed(self) -> TypedGraph:
        """The network."""
        return self.functions.typed

    @property
    def training(self) -> Planned:
        """The training step."""
        return self.planned[Function.TRAINING]

    @property
    def ones(self) -> tuple[Shape, ...]:
        """The distinct shapes of the arrays of ones that sums as products need, in order."""
        graph = self.functions[Function.TRAINING]
        return tuple(dict.fromkeys(n.type.shape for n in graph if n.op == "ones"))


def plan_program(
    functions: Functions, level: int, target: Abilities, without: Collection[str] = ()
) -> Program:
    """Divide every function into kernels and assign a place to every value."""
    without = without if level else ()
    training = functions[Function.TRAINING]
    by_rows = frozenset(p.name for p in functions.typed.params)
    if LAYOUT not in without:
        by_rows = stored_by_rows(training)
    in_place = _never if IN_PLACE in without else target.may_overwrite
    planned = {Function.TRAINING: _plan_training(training, level, in_place, without)}
    for function, graph in functions.graphs.items():
        if function is Function.FUSED_PREDICT:
            planned[function] = _plan_alone(graph, level, target.may_overwrite)
        elif function not in (Function.TRAINING, Function.UPDATE):
            planned[function] = _plan_alone(graph, level, _over_new_arrays(graph, target))
    update = functions.get(Function.UPDATE)
    return Program(
        functions, level, planned, by_rows, plan_update(update, level) if update else None
    )


def _plan_training(
    graph: Graph, level: int, may_overwrite: MayOverwrite, without: Collection[str]
) -> Planned:
    kernels = split(graph)
    if level == 0 or kernels.row_vjp:
        kernels = keep_sizes(kernels)
    reuse = BUFFER_REUSE not in without
    return Planned(kernels, plan_buffers(kernels, may_overwrite, reuse) if level else Plan())


def _plan_alone(graph: Graph, level: int, may_overwrite: MayOverwrite) -> Planned:
    """Plan a function without cached values."""
    kernels = single(graph)
    return Planned(kernels, plan_buffers(kernels, may_overwrite) if level else Plan())


def _over_new_arrays(graph: Graph, target: Abilities) -> MayOverwrite:
    """Without planned arrays, allow values to overwrite arrays that the function itself made."""

    def may_overwrite(node: Node, operand: int) -> bool:
        return target.may_overwrite(node, operand) and target.makes(graph[node.inputs[operand]])

    return may_overwrite


def _never(node: Node, operand: int) -> bool:
    return False
