"""Lazy evaluation of a graph; values are reused for graphs that differ in a few nodes.

values = Evaluation(graph, leaves)
values[graph.outputs["total"]]
values.of(other)                    # another graph: common values are reused
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...ir.dims import Sym, evaluate
from ...ir.op_graph import Graph, Node
from ...ops.source import LEAVES, RANDOM
from .registry import VALUES, WRONG, Array

Arrays = Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Leaves:
    """The values of a graph's leaves, by name.

    `drawn` are the arrays of the ops that draw random numbers in training, by the op's name:
    a dropout's mask, the normal numbers of noise. Without an array an op behaves as in
    prediction.
    """

    params: Arrays
    inputs: Arrays
    targets: Arrays = field(default_factory=dict)
    state: Arrays = field(default_factory=dict)
    lengths: Arrays = field(default_factory=dict)
    upstream: Arrays = field(default_factory=dict)
    drawn: Arrays = field(default_factory=dict)
    train: bool = True

    def of(self, node: Node) -> Array:
        """Return the array of a leaf; ids and lengths are integers, all others float64."""
        name = node.word("name")
        kinds = {
            "param": self.params,
            "input": self.inputs,
            "target": self.targets,
            "state": self.state,
            "lengths": self.lengths,
            "upstream": self.upstream,
            "train": {"train": np.array(self.train)},
        }
        if name not in kinds[node.op]:
            raise KeyError(f"no array is given for the {node.op} '{name}'")
        array = np.asarray(kinds[node.op][name])
        return array if array.dtype.kind in "biu" else array.astype(np.float64, copy=False)


@dataclass(slots=True)
class Work:
    """What evaluations that have values in common have cost, in about nanoseconds.

    It is an estimate from sizes, so that it is the same on every machine.
    """

    spent: float = 0.0

    def add(self, op: str, operands: list[Array], result: Array) -> None:
        """Count an op: products by their multiplications, others by what they read and write."""
        entries = result.size + sum(array.size for array in operands)
        self.spent += OVERHEAD + BY_ENTRY * entries
        if op == "matmul":
            self.spent += BY_PRODUCT * result.size * operands[0].shape[-1]
        elif op.startswith("conv"):
            self.spent += BY_PRODUCT * WINDOWS * entries


OVERHEAD, BY_ENTRY, BY_PRODUCT, WINDOWS = 15_000.0, 2.0, 1.0, 100
"""Of an op by itself, of an entry, of a multiplication; how often a convolution uses an entry."""


class Evaluation:
    """The values of one graph on given leaves."""

    def __init__(self, graph: Graph, leaves: Leaves) -> None:
        self.graph = graph
        self.leaves = leaves
        self.sizes = _sizes(graph, leaves)
        self.checked = True
        self.work = Work()
        self._values: dict[int, Array] = {}

    def __getitem__(self, id: int) -> Array:
        """Return the value of a node; its operands are computed as needed."""
        if id not in self._values:
            for node in self._missing(id):
                self._values[node.id] = self._computed(node)
        return self._values[id]

    def has(self, id: int) -> bool:
        """Return whether a value has been computed."""
        return id in self._values

    def outputs(self) -> dict[str, Array]:
        """Return the values of all outputs."""
        return {name: self[id] for name, id in self.graph.outputs.items()}

    def of(self, graph: Graph) -> Evaluation:
        """Return the evaluation of a graph that shares most nodes with this one.

        A node is the same if its id, op, operands and attributes are, and its operands are the
        same. Shapes in the other graph are not checked against its types, because a mistake may
        change them.
        """
        other = object.__new__(Evaluation)
        other.graph, other.leaves, other.sizes = graph, self.leaves, self.sizes
        other.checked = False
        other.work = self.work
        changed: set[int] = set()
        known = self.graph.by_id
        for node in graph.nodes:
            if node is not known.get(node.id) or not changed.isdisjoint(node.inputs):
                changed.add(node.id)
        other._values = {i: v for i, v in self._values.items() if i not in changed}
        return other

    def with_value(self, id: int, array: Array) -> Evaluation:
        """Return the evaluation of the same graph with another value of one node."""
        node = replace(self.graph[id])  # a new object, so that dependent values are recomputed
        nodes = tuple(node if n.id == id else n for n in self.graph.nodes)
        other = self.of(replace(self.graph, nodes=nodes))
        other._values[id] = array.astype(np.float64)
        return other

    def _missing(self, id: int) -> list[Node]:
        """Return the nodes to compute for one, operands first."""
        found: dict[int, None] = {}
        stack = [(id, False)]
        while stack:
            at, ready = stack.pop()
            if at in self._values or at in found:
                continue
            if ready:
                found[at] = None
                continue
            stack.append((at, True))
            stack += [(i, False) for i in self.graph[at].inputs]
        return [self.graph[i] for i in found]

    def _computed(self, node: Node) -> Array:
        shape = tuple(self.number(n) for n in node.type.shape)
        if node.op in LEAVES:
            result = self.leaves.of(node)
        elif node.op in RANDOM and self.leaves.train and node.word("name") in self.leaves.drawn:
            result = np.asarray(self.leaves.drawn[node.word("name")], np.float64)
        else:
            result = self._value(node)
        if self.checked and result.shape != shape:
            raise ValueError(f"{node.op} of {node.origin.layer}: {result.shape}, typed {shape}")
        return result

    def _value(self, node: Node) -> Array:
        attrs = {name: self.attribute(value) for name, value in node.attrs}
        operands = [self._values[i] for i in node.inputs]
        rule = VALUES.get(node.op) or WRONG[node.op]
        with np.errstate(all="ignore"):
            result = np.asarray(rule(*operands, **attrs))
        self.work.add(node.op, operands, result)
        return result

    def attribute(self, value: Any) -> Any:
        """Return an attribute with symbolic dimensions replaced by numbers."""
        if isinstance(value, tuple):
            return tuple(self.attribute(v) for v in value)
        return self.number(value) if isinstance(value, Sym) else value

    def number(self, dim: int | Sym) -> int:
        """Return a dimension as a number."""
        return dim if isinstance(dim, int) else evaluate(dim, self.sizes)


def _sizes(graph: Graph, leaves: Leaves) -> dict[str, int]:
    """Return the sizes of the symbolic dimensions, from the leaves."""
    sizes: dict[str, int] = {}
    for node in graph.nodes:
        if node.op in LEAVES:
            shape = _given_shape(node, leaves)
            for dim, size in zip(node.type.shape, shape, strict=False):
                if isinstance(dim, Sym) and str(dim).isalnum():
                    sizes.setdefault(str(dim), size)
    return sizes


def _given_shape(node: Node, leaves: Leaves) -> tuple[int, ...]:
    try:
        return np.shape(leaves.of(node))
    except KeyError:  # the leaf may not be needed
        return ()
