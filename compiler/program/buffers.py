"""Assign an array to every value of -O1: in place where possible, shared if lifetimes do not overlap.

    before  z = x @ W          after   z = c.dense1     written by the product
            s = z + b                  z += b           the same array
            a = sigmoid(s)             a = sigmoid(z, out=z)
    before  d_a, d_z, d_h      after   d_a and d_z in c.work1, d_h in c.work2 …

A chain is a sequence of values in which each overwrites the one before. A chain with a value that
forward must keep for backward gets an array of its own; the others use arrays of a pool by shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ..ir.dims import Shape
from ..ir.op_graph import Graph, Node
from ..ir.types import DType
from ..ops import OPS
from ..ops.source import FREE
from .kernels import Kernel, Kernels
from .places import GradientOf, Kept, Place, Work

MayOverwrite = Callable[[Node, int], bool]


@dataclass(frozen=True, slots=True)
class Buffer:
    """One array of the cache; `kept` says that functions after forward read it."""

    place: Place
    shape: Shape
    dtype: DType
    kept: bool


@dataclass(slots=True)
class Chain:
    """Values that share an array, each overwriting the one before; alive in [start, end]."""

    nodes: list[Node]
    start: int
    end: int
    kept: int | None = None
    gradient: str | None = None


@dataclass(slots=True)
class KernelPlan:
    """A kernel's values: the array of each, and the value that an in-place one replaces."""

    of: dict[int, Place] = field(default_factory=dict)
    replaces: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class Plan:
    """All arrays, and the plans of the kernels by name (two kernels may compute one value)."""

    buffers: dict[Place, Buffer] = field(default_factory=dict)
    kernels: dict[str, KernelPlan] = field(default_factory=dict)


def stored(node: Node) -> bool:
    """Return whether a value needs an array: scalars, views, constants and leaves do not."""
    return node.type.rank > 0 and node.op not in FREE and not OPS[node.op].view


def plan_buffers(kernels: Kernels, may_overwrite: MayOverwrite, reuse: bool = True) -> Plan:
    """Assign an array to every stored value of forward, loss and backward.

    Without `reuse` no two chains share one."""
    plan = Plan()
    pool: dict[tuple[Shape, DType], list[Place]] = {}
    for kernel in (kernels.forward, kernels.loss, kernels.backward):
        if kernel is None:
            continue
        own = plan.kernels[kernel.name] = KernelPlan()
        chains = _chains(kernel, kernels, may_overwrite, own)
        busy: list[tuple[int, Place]] = []
        free = {key: list(places) for key, places in pool.items()}
        for chain in chains:
            if not reuse:
                free.clear()
                busy.clear()
            place = _place(chain, plan, pool, free, busy)
            own.of.update({node.id: place for node in chain.nodes})
    return plan


def gradients(graph: Graph) -> dict[int, str]:
    """Return the parameter gradients, each with its parameter (the first, if several)."""
    found: dict[int, str] = {}
    for name, id in graph.outputs_for("grad").items():
        found.setdefault(id, name)
    return found


def _chains(
    kernel: Kernel, kernels: Kernels, may_overwrite: MayOverwrite, plan: KernelPlan
) -> list[Chain]:
    last = _last_uses(kernel)
    fixed: dict[int, int] = {}
    for i in (*kernel.results, *kernels.cached):
        below = root(kernel.graph, i)
        fixed[below] = i if below == i else fixed.get(below, i)
    # Values that forward computes too, such as zeros, are kept there and copied.
    grads = {} if kernel is kernels.forward else gradients(kernel.graph)
    chain_of: dict[int, Chain] = {}
    chains = []
    for position, node in enumerate(kernel.nodes):
        if not stored(node):
            continue
        before = _overwritten(kernel, node, position, last, fixed, chain_of, may_overwrite)
        if before is None:
            chain = Chain([node], position, last[node.id])
            chains.append(chain)
        else:
            chain = chain_of[before]
            chain.nodes.append(node)
            chain.end = last[node.id]
            plan.replaces[node.id] = before
        chain_of[node.id] = chain
        if node.id in grads and node.id in kernel.results:
            chain.gradient = grads[node.id]
        elif node.id in fixed:
            chain.kept = fixed[node.id]
    return chains


def _last_uses(kernel: Kernel) -> dict[int, int]:
    """Return the position of the last use of every value.

    Views and scalars are inlined where they are used, so their uses count as uses of their
    operands."""
    position = {node.id: i for i, node in enumerate(kernel.nodes)}
    last = dict(position)
    for node in reversed(kernel.nodes):
        here = position[node.id] if stored(node) else last[node.id]
        for i in node.inputs:
            last[i] = max(last.get(i, -1), here)
    return last


def _overwritten(
    kernel: Kernel,
    node: Node,
    position: int,
    last: Mapping[int, int],
    fixed: Mapping[int, int],
    chain_of: Mapping[int, Chain],
    may_overwrite: MayOverwrite,
) -> int | None:
    """Return the operand whose array the value can take over: same shape, no later use."""
    if not OPS[node.op].elementwise:
        return None
    for index, i in enumerate(node.inputs):
        operand = kernel.graph[i]
        others = {j for j in node.inputs if j != i}
        if (
            i in chain_of
            and i not in fixed
            and last[i] == position
            and operand.type.shape == node.type.shape
            and operand.type.dtype is node.type.dtype
            and may_overwrite(node, index)
            and not any(_looks_at(kernel.graph, j, i) for j in others)
        ):
            return i
    return None


def root(graph: Graph, id: int) -> int:
    """Return the value whose array a view refers to; any other value itself."""
    while OPS[graph[id].op].view:
        id = graph[id].inputs[0]
    return id


def _looks_at(graph: Graph, view: int, base: int) -> bool:
    return view != base and root(graph, view) == root(graph, base)


def _place(
    chain: Chain,
    plan: Plan,
    pool: dict[tuple[Shape, DType], list[Place]],
    free: dict[tuple[Shape, DType], list[Place]],
    busy: list[tuple[int, Place]],
) -> Place:
    """Return the chain's array: a gradient's, its own, or one from the pool."""
    type = chain.nodes[0].type
    key = (type.shape, type.dtype)
    if chain.gradient is not None:
        return GradientOf(chain.gradient)
    place: Place
    if chain.kept is not None:
        own = any(node.id == chain.kept for node in chain.nodes)
        # A kept view is in the cache, as is the array that it refers to.
        place = Kept(chain.kept, viewed=not own)
        plan.buffers[place] = Buffer(place, *key, kept=True)
        return place
    for entry in [b for b in busy if b[0] < chain.start]:
        busy.remove(entry)
        buffer = plan.buffers[entry[1]]
        free.setdefault((buffer.shape, buffer.dtype), []).append(entry[1])
    if not free.get(key):
        count = sum(not buffer.kept for buffer in plan.buffers.values())
        place = Work(count + 1)
        plan.buffers[place] = Buffer(place, *key, kept=False)
        pool.setdefault(key, []).append(place)
        free.setdefault(key, []).append(place)
    place = free[key].pop(0)
    busy.append((chain.end, place))
    return place
