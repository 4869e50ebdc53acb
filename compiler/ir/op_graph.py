"""The op graph: primitive tensor operations in single assignment, in topological order.

    %3 : (B, 30) = matmul(%0, %1)          # dense1 digits.nn:1

A graph is an immutable tuple of nodes; node i only uses nodes before it in the tuple. Passes
take a graph and give another. Every node carries its origin, because comments, names, source
lines and reports are made of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from typing import NoReturn, TypeAlias

from ..source import Span
from .bounds import DEFAULT_BATCH
from .dims import Dim, Sym
from .types import TensorType


class Role(Enum):
    """What part of the module an op was made for."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an op comes from.

    `layer` is the layer's name (or the loss's), `spans` the places in the spec (several after
    a pass has merged ops), `formula` the mathematics a comment shows beside the statement,
    `hint` the name its value would like to have, `notes` what passes want to say of it.
    """

    layer: str
    spans: tuple[Span, ...]
    role: Role
    formula: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()

    def wordless(self) -> Origin:
        """The same place, without words about the value."""
        return Origin(self.layer, self.spans, self.role)

    def union(self, other: Origin) -> Origin:
        """The origin of an op that stands for two: this one's words, both ones' places."""
        return replace(
            self,
            spans=tuple(dict.fromkeys((*self.spans, *other.spans))),
            formula=self.formula or other.formula,
            hint=self.hint or other.hint,
            notes=tuple(dict.fromkeys((*self.notes, *other.notes))),
        )


Attr: TypeAlias = "int | float | str | bool | Sym | tuple[Attr, ...] | None"
"""An attribute: a number, a word, a flag, a dimension, or a tuple of these; always hashable."""


@dataclass(frozen=True, slots=True)
class Node:
    """One op applied to earlier values; `attrs` are sorted by name."""

    id: int
    op: str
    inputs: tuple[int, ...]
    attrs: tuple[tuple[str, Attr], ...]
    type: TensorType
    origin: Origin

    def attr(self, name: str) -> Attr:
        """One attribute's value."""
        return dict(self.attrs)[name]

    def whole(self, name: str) -> int:
        """An attribute that is a whole number; this and those below raise TypeError if it is none."""
        value = self.attr(name)
        return value if isinstance(value, int) else self._refuse(name)

    def real(self, name: str) -> float:
        """An attribute that is a number."""
        value = self.attr(name)
        return float(value) if isinstance(value, int | float) else self._refuse(name)

    def word(self, name: str) -> str:
        """An attribute that is text, such as a name."""
        value = self.attr(name)
        return value if isinstance(value, str) else self._refuse(name)

    def dim(self, name: str) -> Dim:
        """An attribute that is a dimension."""
        value = self.attr(name)
        return value if isinstance(value, int | Sym) else self._refuse(name)

    def reals(self, name: str) -> tuple[float, ...]:
        """An attribute that is a tuple of numbers, such as the entries of a constant."""
        value = self.attr(name)
        items = value if isinstance(value, tuple) else self._refuse(name)
        return tuple(n if isinstance(n, int | float) else self._refuse(name) for n in items)

    def wholes(self, name: str) -> tuple[int, ...]:
        """An attribute that is a tuple of whole numbers, such as axes."""
        value = self.attr(name)
        items = value if isinstance(value, tuple) else self._refuse(name)
        return tuple(n if isinstance(n, int) else self._refuse(name) for n in items)

    def _refuse(self, name: str) -> NoReturn:
        raise TypeError(f"{self.op}: attribute {name} is {self.attr(name)!r}")

    @property
    def key(self) -> tuple[str, tuple[int, ...], tuple[tuple[str, Attr], ...]]:
        """What makes two nodes compute the same value."""
        return self.op, self.inputs, self.attrs


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order and the named values that must be kept.

    Output names say what a value is for: `out:NAME`, `loss:NAME`, `total`, `grad:PARAM`,
    `dx:INPUT`. `batch` is the number of rows that passes estimate costs for.
    """

    nodes: tuple[Node, ...]
    outputs: Mapping[str, int]
    batch: int = DEFAULT_BATCH

    @cached_property
    def by_id(self) -> dict[int, Node]:
        """The nodes by id."""
        return {node.id: node for node in self.nodes}

    @cached_property
    def users(self) -> dict[int, list[int]]:
        """For every value the nodes that use it, once for each use, in order."""
        users: dict[int, list[int]] = {node.id: [] for node in self.nodes}
        for node in self.nodes:
            for i in node.inputs:
                users[i].append(node.id)
        return users

    def only(self, purpose: str) -> Graph:
        """The same nodes with the outputs of one purpose: `out`, `loss`, `grad` or `dx`."""
        kept = {n: i for n, i in self.outputs.items() if n.startswith(f"{purpose}:")}
        return replace(self, outputs=kept)

    def outputs_for(self, purpose: str) -> dict[str, int]:
        """The outputs of one purpose by the names behind it."""
        return {n.partition(":")[2]: i for n, i in self.only(purpose).outputs.items()}

    def __getitem__(self, id: int) -> Node:
        return self.by_id[id]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)


def renumbered(graph: Graph, kept: Iterable[Node]) -> Graph:
    """The graph of some of its nodes, with ids that count from 0 in order, as the builder gives them."""
    new: dict[int, int] = {}
    nodes: list[Node] = []
    for node in kept:
        new[node.id] = len(nodes)
        nodes.append(replace(node, id=len(nodes), inputs=tuple(new[i] for i in node.inputs)))
    outputs = {name: new[i] for name, i in graph.outputs.items()}
    return replace(graph, nodes=tuple(nodes), outputs=outputs)
