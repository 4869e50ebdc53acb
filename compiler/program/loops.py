"""Fusion of the ops of a kernel into loops: elementwise ops and reductions of one iteration shape.

    before                                    after
    %5 : (B, 30) = add(%4, %3)                for (B, 30):
    %6 : (B, 30) = sigmoid(%5)                    each entry: add, sigmoid
    %9 : (B, 1) = max(%8)                     for (B, 10):
    %10 : (B, 10) = sub(%8, %9)                   each entry: max
    %11 : (B, 10) = exp(%10)                      each entry: sub, exp, sum
    %12 : (B, 1) = sum(%11)

A nest runs over the rows of its shape; in each row its steps follow one another in the order of
the ops: a step over the row's entries, or one on what the row has once (a sum over the last axis
and what is computed from it). An op that needs a sum over rows comes after the nest.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass

from ..ir.dims import Dim, Shape, array_text
from ..ir.op_graph import Graph, Node
from ..ops import OPS
from ..ops.source import FREE
from .kernels import Kernel

TOTALS = ("grand_sum", "inner")
"""Reductions over all entries."""

REDUCTIONS = ("sum", "max", "row_sums", "column_sums", *TOTALS)
"""Ops that iterate over more entries than they return."""

MAX_RANK = 6
"""Most nested loops of a nest."""

PlaceOf = Callable[[int], Hashable]
"""Returns the planned place of a value, or None."""


@dataclass(frozen=True, slots=True)
class Index:
    """The position along one axis of an array: a loop's counter plus a start, or 0."""

    axis: int | None
    start: Dim = 0


Indices = tuple[Index, ...]


@dataclass(slots=True)
class Step:
    """Ops computed for each entry of a row, or (`entries` false) once for the row."""

    entries: bool
    nodes: list[Node]


@dataclass(slots=True)
class Nest:
    """Loops over a shape, and the steps of every row."""

    shape: Shape
    steps: list[Step]

    @property
    def nodes(self) -> list[Node]:
        """Return all ops in order."""
        return [node for step in self.steps for node in step.nodes]


@dataclass(frozen=True, slots=True)
class Whole:
    """An op on whole arrays."""

    node: Node


Item = Nest | Whole


def nests(kernel: Kernel, fusible: Callable[[Node], bool], place: PlaceOf) -> list[Item]:
    """Group the kernel's ops; scalars and views are inlined where they are used, and left out."""
    items: list[Item] = []
    for node in kernel.nodes:
        if is_inline(node):
            continue
        shape = iteration_shape(kernel.graph, node) if fusible(node) else None
        if shape is None or len(shape) > MAX_RANK:
            items.append(Whole(node))
            continue
        last = items[-1] if items else None
        if not isinstance(last, Nest) or not _join(kernel.graph, last, node, shape, place):
            items.append(Nest(shape, [Step(True, [node])]))
    return items


def is_inline(node: Node) -> bool:
    """Return whether a value has no statement: views, constants, leaves, scalars."""
    if node.op in FREE or OPS[node.op].view:
        return True
    return node.type.rank == 0 and node.op not in REDUCTIONS


def iteration_shape(graph: Graph, node: Node) -> Shape:
    """Return the iteration shape of an op."""
    if node.op in REDUCTIONS:
        return graph[node.inputs[1 if node.op == "column_sums" else 0]].type.shape
    return node.type.shape


def summed(node: Node) -> tuple[int, ...]:
    """Return the inputs that a reduction iterates over; the others are arrays of ones."""
    match node.op:
        case "row_sums":
            return node.inputs[:1]
        case "column_sums":
            return node.inputs[1:]
    return node.inputs


def reduced_axes(graph: Graph, node: Node) -> tuple[int, ...]:
    """Return the axes of its iteration shape that a reduction sums over."""
    match node.op:
        case "row_sums":
            return (1,)
        case "column_sums":
            return (0,)
        case "sum" | "max":
            return node.wholes("axes")
    return tuple(range(len(iteration_shape(graph, node))))


def by_row(graph: Graph, node: Node) -> bool:
    """Return whether a reduction is over the last axis alone, so that each row has its result."""
    rank = len(iteration_shape(graph, node))
    return node.op in REDUCTIONS and node.type.rank > 0 and reduced_axes(graph, node) == (rank - 1,)


def by_rows(graph: Graph, node: Node) -> bool:
    """Return whether a reduction has its result only after all rows."""
    return node.op in REDUCTIONS and not by_row(graph, node)


def sources(graph: Graph, node: Node) -> Iterator[int]:
    """Yield the values with statements, or leaves, from which an op is computed."""
    for i in node.inputs:
        if is_inline(graph[i]) and graph[i].inputs:
            yield from sources(graph, graph[i])
        else:
            yield i


def level(shape: Shape, own: Shape) -> bool | None:
    """Return True if an op over `own` runs per entry of `shape`, False per row, None if neither."""
    if own == shape:
        return True
    return False if own in (shape[:-1], (*shape[:-1], 1)) else None


def own_indices(shape: Shape, own: Shape) -> Indices:
    """Return the position of an op over `own` in loops over a shape, along each of its axes."""
    axes = [Index(axis) for axis in range(len(own))]
    if own != shape and len(own) == len(shape):
        axes[-1] = Index(None)
    return tuple(axes)


def operand_indices(graph: Graph, node: Node, i: int, shape: Shape) -> tuple[int, Indices]:
    """Return the array that an operand is read from, and the position, in loops over a shape."""
    own = iteration_shape(graph, node)
    at, operand = own_indices(shape, own), graph[i].type.shape
    aligned = at[len(at) - len(operand) :] if operand else ()
    return resolve(graph, i, _narrowed(aligned, operand))


def _narrowed(at: Indices, shape: Shape) -> Indices:
    return tuple(Index(None) if n == 1 else index for index, n in zip(at, shape, strict=True))


def resolve(graph: Graph, i: int, at: Indices) -> tuple[int, Indices]:
    """Return the array behind a view, and the position there of an entry of the view."""
    node = graph[i]
    match node.op:
        case "broadcast":
            shape = graph[node.inputs[0]].type.shape
            return resolve(
                graph, node.inputs[0], _narrowed(at[len(at) - len(shape) :] if shape else (), shape)
            )
        case "transpose":
            perm = node.wholes("perm")
            return resolve(graph, node.inputs[0], tuple(at[perm.index(k)] for k in range(len(at))))
        case "slice":
            axis, start, moved = node.whole("axis"), node.dim("start"), list(at)
            moved[axis] = Index(at[axis].axis, at[axis].start + start)
            return resolve(graph, node.inputs[0], tuple(moved))
        case "reshape":
            before = graph[node.inputs[0]].type.shape
            real = [index for index, n in zip(at, node.type.shape, strict=True) if n != 1]
            if [n for n in before if n != 1] == [n for n in node.type.shape if n != 1]:
                left = iter(real)
                inner = tuple(Index(None) if n == 1 else next(left) for n in before)
                return resolve(graph, node.inputs[0], inner)
    return i, at


def _join(graph: Graph, nest: Nest, node: Node, own: Shape, place: PlaceOf) -> bool:
    """Add an op to a nest if the order of the ops allows it."""
    shape = nest.shape
    entries = level(shape, own)
    widened = entries is None and level(own, shape) is False and not _has_row_sums(graph, nest)
    if widened:
        shape, entries = own, True
    if entries is None or (not entries and by_row(graph, node)):
        return False
    inside = {n.id: n for n in nest.nodes}
    if any(i in inside and by_rows(graph, inside[i]) for i in sources(graph, node)):
        return False
    if not _aligned(graph, nest, node, shape, inside, place):
        return False
    if widened:
        nest.shape = own
        for step in nest.steps:
            step.entries = False
    last = nest.steps[-1]
    if last.entries != entries or (entries and _waits(graph, node, last)):
        nest.steps.append(Step(entries, [node]))
    else:
        last.nodes.append(node)
    return True


def _has_row_sums(graph: Graph, nest: Nest) -> bool:
    return any(by_row(graph, node) for node in nest.nodes)


def _waits(graph: Graph, node: Node, step: Step) -> bool:
    """Return whether an op needs a sum that a step over entries has not completed."""
    sums = {n.id for n in step.nodes if by_row(graph, n)}
    return any(i in sums for i in sources(graph, node))


def _aligned(
    graph: Graph, nest: Nest, node: Node, shape: Shape, inside: dict[int, Node], place: PlaceOf
) -> bool:
    """Return whether an entry needs only itself of the nest's values, and old array entries."""
    written = {place(n.id) for n in nest.nodes} - {None}
    read = set()
    for i in summed(node):
        root, at = operand_indices(graph, node, i, shape)
        if graph[root].type.rank == 0:
            continue
        if root in inside:
            if at != value_indices(graph, inside[root], shape):
                return False
        elif not _regular(graph, root, at, shape):
            behind = base_array(graph, root)
            if behind in inside or place(behind) in written or place(behind) == place(node.id):
                return False
            read.add(place(behind))
    return not any(place(node.id) in _odd_reads(graph, n, shape, place) for n in nest.nodes)


def value_indices(graph: Graph, node: Node, shape: Shape) -> Indices:
    """Return the position of a nest's value in its array."""
    if by_row(graph, node):
        return _narrowed(own_indices(shape, node.type.shape), node.type.shape)
    if node.op in REDUCTIONS:
        at = own_indices(shape, iteration_shape(graph, node))
        axes = reduced_axes(graph, node)
        if len(node.type.shape) == len(at):
            return tuple(Index(None) if k in axes else index for k, index in enumerate(at))
        return tuple(index for k, index in enumerate(at) if k not in axes)
    return _narrowed(own_indices(shape, node.type.shape), node.type.shape)


def base_array(graph: Graph, i: int) -> int:
    """Return the value whose memory a view of any kind refers to."""
    while OPS[graph[i].op].view:
        i = graph[i].inputs[0]
    return i


def _regular(graph: Graph, root: int, at: Indices, shape: Shape) -> bool:
    """Return whether an array is read at the loop's own position, so that a later write is safe."""
    if OPS[graph[root].op].view:
        return False
    own = graph[root].type.shape
    natural = level(shape, own) is not None and at == _narrowed(own_indices(shape, own), own)
    return natural or (level(shape, own) is None and all(index.start == 0 for index in at))


def _odd_reads(graph: Graph, node: Node, shape: Shape, place: PlaceOf) -> set[Hashable]:
    found = set()
    for i in summed(node):
        root, at = operand_indices(graph, node, i, shape)
        if graph[root].type.rank and not _regular(graph, root, at, shape):
            found.add(place(base_array(graph, root)))
    return found - {None}


def nests_text(graph: Graph, items: list[Item]) -> str:
    """Return the groups as text: one line for each loop and op."""
    lines = []
    for item in items:
        if isinstance(item, Whole):
            lines.append(_op_text(item.node))
            continue
        lines.append(f"for {array_text(item.shape)}:")
        for step in item.steps:
            where = "each entry" if step.entries else "each row"
            lines.append(f"    {where}:")
            lines += [f"        {_op_text(node)}" for node in step.nodes]
    return "\n".join(lines)


def _op_text(node: Node) -> str:
    inputs = ", ".join(f"%{i}" for i in node.inputs)
    return f"%{node.id} : {array_text(node.type.shape)} = {node.op}({inputs})"
