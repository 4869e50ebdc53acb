"""The memory that training takes at -O1: what is planned, counted before anything is generated."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from ..ir.dims import Dim, product, substitute, total
from ..ir.layer_graph import TypedGraph
from ..ir.types import DType, TensorType
from ..limits.sizes import batch_size, entry_bytes, float_bytes
from ..passes.read_in_order import read_in_order
from ..schedule.storage import stored_by_rows
from .module import build_graphs, one_hot_shapes, promised_names
from .optimizer import optimizer_view
from .program import build_program
from .target import load_target


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes of the arrays that exist at once in a training step, for a batch of one size.

    `optimizer` is what it keeps and works with, `kept` what forward leaves for backward, `work`
    the arrays that values share, `passing` the largest array that a helper function makes for
    itself. The data, and Python itself, are not counted.
    """

    parameters: int
    gradients: int
    optimizer: int
    kept: Dim
    work: Dim
    passing: Dim

    @property
    def total(self) -> Dim:
        """All of them."""
        flat = self.parameters + self.gradients + self.optimizer
        return flat + self.kept + self.work + self.passing


def training_memory(typed: TypedGraph, batch: int) -> TrainingMemory | None:
    """What training needs by the plan of the NumPy target; None where there is no loss.

    Symbolic sizes other than the batch stay symbols.
    """
    if not typed.graph.losses:
        return None
    target = load_target("numpy")
    graph = build_graphs(typed, 1, (), lambda name, graph: None).training
    by_rows = stored_by_rows(graph, batch_size(typed.graph))
    program = build_program(read_in_order(graph, by_rows), 1, target, promised_names(typed), by_rows)
    dtype = typed.graph.dtype
    wide = float_bytes(dtype)
    flat = wide * sum(prod(p.shape) for p in typed.params)
    states = wide * sum(prod(s.shape) for s in typed.states)
    setting = typed.graph.training.optimizer
    step = optimizer_view(setting, 1, target) if setting else None
    extra = len(step.slots) + step.work if step else 1
    arrays = [(b.shape, b.dtype, b.kept) for b in program.plan.buffers.values()]
    arrays += [(shape, DType.FLOAT, False) for shape in program.ones]
    arrays += [(shape, DType.FLOAT, True) for shape in one_hot_shapes(typed, program)]
    sizes = [
        (substitute(product(s), "B", batch) * entry_bytes(TensorType(s, d), dtype), kept)
        for s, d, kept in arrays
    ]
    return TrainingMemory(
        parameters=flat + states,
        gradients=flat,
        optimizer=extra * flat,
        kept=total(size for size, kept in sizes if kept),
        work=total(size for size, kept in sizes if not kept),
        passing=0,
    )
