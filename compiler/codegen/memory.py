"""The memory that training takes at -O1: what is planned, counted before anything is generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from ..ir.bounds import DEFAULT_BATCH
from ..ir.dims import Dim, Shape, evaluate, product, substitute, symbols, total
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Node
from ..ir.sizes import entry_bytes, float_bytes
from ..ir.types import DType, TensorType
from .module import build_graphs, one_hot_shapes, training_program
from .optimizer import optimizer_view
from .program import Program
from .shortened import shortened
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

    Symbolic sizes other than the batch stay symbols. Of equal stretches that follow one another
    the first, one within and the last are planned; what the one keeps, all within do.
    """
    if not typed.graph.losses:
        return None
    target = load_target("numpy")
    few, times = shortened(typed)
    graph = build_graphs(few, 1, (), lambda name, graph: None).training
    program = training_program(few, graph, 1, target)
    dtype = typed.graph.dtype
    wide = float_bytes(dtype)
    flat = wide * sum(prod(p.shape) for p in typed.params)
    states = wide * sum(prod(s.shape) for s in typed.states)
    setting = typed.graph.training.optimizer
    step = optimizer_view(setting, 1, target) if setting else None
    extra = len(step.slots) + step.work if step else 1
    held = _holders(program)
    arrays = [
        (b.shape, b.dtype, b.kept, times.get(held[place], 1) if b.kept else 1)
        for place, b in program.plan.buffers.items()
    ]
    arrays += [(shape, DType.FLOAT, False, 1) for shape in program.ones]
    arrays += [(shape, DType.FLOAT, True, 1) for shape in one_hot_shapes(few, program)]
    sizes = [
        (substitute(product(s), "B", batch) * entry_bytes(TensorType(s, d), dtype) * n, kept)
        for s, d, kept, n in arrays
    ]
    return TrainingMemory(
        parameters=flat + states,
        gradients=flat,
        optimizer=extra * flat,
        kept=total(size for size, kept in sizes if kept),
        work=total(size for size, kept in sizes if not kept),
        passing=_passing(graph, batch, wide),
    )


def _holders(program: Program) -> dict[str, str]:
    """The layer that the first value in each array stems from."""
    found: dict[str, str] = {}
    for plan in program.plan.kernels.values():
        for id, place in plan.of.items():
            found.setdefault(place, program.graph[id].origin.layer)
    return found


def _passing(graph: Graph, batch: int, wide: int) -> Dim:
    """Bytes of the most that one helper function makes for itself and drops at its end."""
    sizes = []
    for node in graph:
        if node.op in MAKES:
            types = (graph[i].type.shape for i in node.inputs)
            shapes = [tuple(substitute(n, "B", batch) for n in shape) for shape in types]
            sizes.append(MAKES[node.op](node, shapes, wide))
    return max(sizes, key=_usual, default=0)


def _usual(size: Dim) -> int:
    """A size for comparisons, where symbols stand in it."""
    return evaluate(size, dict.fromkeys(symbols(size), DEFAULT_BATCH))


def _time_loop(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """The state's matrix put in order, and one or two values of every step."""
    _, kernel, d_state = shapes[:3]
    return wide * (product(kernel) + (1 if node.op == "gru_back" else 2) * product(d_state))


def _tiles(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """An example's runs under one row of the kernel, for every row of it."""
    back = node.op == "weighted_pool_dw"
    image, kernel = shapes[back], _sizes(node, "kernel") if back else shapes[1]
    width = kernel[-1]
    assert isinstance(width, int)
    return wide * (product(image[1:]) // width * product(kernel[:-1]))


def _pooled(node: Node, shapes: Sequence[Shape], wide: int) -> Dim:
    """Of a block of examples what one axis leaves, or on the way back what is still to be given."""
    image, given = (shapes[0], ()) if node.op == "max_pool" else (shapes[1], shapes[0])
    row = wide * _usual(product(image[1:]))
    rows = min(_usual(image[0]), max(POOL_BYTES // row, 1))
    edges = rows * row if any(_sizes(node, "pad")) else 0
    if given:  # two arrays of numbers and one of flags
        return 2 * edges + rows * (2 * wide + 1) * product(given[1:])
    return edges + rows * row // _sizes(node, "kernel")[0]


def _sizes(node: Node, name: str) -> tuple[int, ...]:
    """An attribute of numbers, or of pairs of them, one after the other."""
    found = dict(node.attrs).get(name, ())
    assert isinstance(found, tuple)
    return tuple(n for item in found for n in (item if isinstance(item, tuple) else (item,)))


POOL_BYTES = 2**19
"""How much max pooling works on at a time: as in templates/numpy/helpers_pool.jinja."""

MAKES: dict[str, Callable[[Node, Sequence[Shape], int], Dim]] = {
    "lstm_back": _time_loop,
    "gru_back": _time_loop,
    "rnn_back": _time_loop,
    "weighted_pool": _tiles,
    "weighted_pool_dw": _tiles,
    "max_pool": _pooled,
    "max_pool_dx": _pooled,
}
"""Bytes of the arrays that helper functions of the NumPy target make, where they are many."""
