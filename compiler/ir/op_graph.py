"""The op graph: primitive tensor operations in single assignment, in topological order.

    %3 : (B, 30) = matmul(%0, %1)          # dense1 digits.nn:1

A graph is an immutable tuple of nodes; node i only uses nodes before it in the tuple. Passes
take a graph and return another. Every node has its origin, from which comments, names, source
lines and reports are made.
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
    """The part of the module that an op was emitted for."""

    FORWARD = "forward"
    LOSS = "loss"
    BACKWARD = "backward"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of an op.

    `layer` is the name of the layer or loss, `spans` are the places in the spec (several after a
    pass has merged ops), `formula` is the mathematics in the comment beside the statement, `hint`
    a suggested name for the value, `notes` are remarks of passes.
    """

    layer: str
    spans: tuple[Span, ...]
    role: Role
    formula: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()

    def wordless(self) -> Origin:
        """Return the same place, without formula, hint and notes."""
        return Origin(self.layer, self.spans, self.role)

    def union(self, other: Origin) -> Origin:
        """Return the origin of a merged op: the texts of this one, the places of both."""
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
        """Return the value of an attribute."""
        return dict(self.attrs)[name]

    def whole(self, name: str) -> int:
        """Return an integer attribute; this and the next methods raise TypeError for other types."""
        value = self.attr(name)
        return value if isinstance(value, int) else self._refuse(name)

    def real(self, name: str) -> float:
        """Return a numeric attribute."""
        value = self.attr(name)
        return float(value) if isinstance(value, int | float) else self._refuse(name)

    def word(self, name: str) -> str:
        """Return a text attribute, such as a name."""
        value = self.attr(name)
        return value if isinstance(value, str) else self._refuse(name)

    def dim(self, name: str) -> Dim:
        """Return an attribute that is a dimension."""
        value = self.attr(name)
        return value if isinstance(value, int | Sym) else self._refuse(name)

    def reals(self, name: str) -> tuple[float, ...]:
        """Return an attribute that is a tuple of numbers, such as the entries of a constant."""
        value = self.attr(name)
        items = value if isinstance(value, tuple) else self._refuse(name)
        return tuple(n if isinstance(n, int | float) else self._refuse(name) for n in items)

    def wholes(self, name: str) -> tuple[int, ...]:
        """Return an attribute that is a tuple of integers, such as axes."""
        value = self.attr(name)
        items = value if isinstance(value, tuple) else self._refuse(name)
        return tuple(n if isinstance(n, int) else self._refuse(name) for n in items)

    def _refuse(self, name: str) -> NoReturn:
        raise TypeError(f"{self.op}: attribute {name} is {self.attr(name)!r}")

    @property
    def key(self) -> tuple[str, tuple[int, ...], tuple[tuple[str, Attr], ...]]:
        """A key that is equal for nodes that compute the same value."""
        return self.op, self.inputs, self.attrs


@dataclass(frozen=True)
class Graph:
    """Nodes in topological order, and the named outputs.

    Output names begin with their purpose: `out:NAME`, `loss:NAME`, `total`, `grad:PARAM`,
    `dx:INPUT`. `batch` is the number of rows for which passes estimate costs.
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
        """The nodes that use each value, once for each use, in order."""
        users: dict[int, list[int]] = {node.id: [] for node in self.nodes}
        for node in self.nodes:
            for i in node.inputs:
                users[i].append(node.id)
        return users

    def only(self, purpose: str) -> Graph:
        """Return the same nodes with the outputs of one purpose: `out`, `loss`, `grad` or `dx`."""
        kept = {n: i for n, i in self.outputs.items() if n.startswith(f"{purpose}:")}
        return replace(self, outputs=kept)

    def outputs_for(self, purpose: str) -> dict[str, int]:
        """Return the outputs of one purpose by the names after it."""
        return {n.partition(":")[2]: i for n, i in self.only(purpose).outputs.items()}

    def __getitem__(self, id: int) -> Node:
        return self.by_id[id]

    def __iter__(self) -> Iterator[Node]:
        return iter(self.nodes)

    def __len__(self) -> int:
        return len(self.nodes)


def renumbered(graph: Graph, kept: Iterable[Node]) -> Graph:
    """Return the graph of some of its nodes, with ids renumbered from 0 in order."""
    new: dict[int, int] = {}
    nodes: list[Node] = []
    for node in kept:
        new[node.id] = len(nodes)
        nodes.append(replace(node, id=len(nodes), inputs=tuple(new[i] for i in node.inputs)))
    outputs = {name: new[i] for name, i in graph.outputs.items()}
    return replace(graph, nodes=tuple(nodes), outputs=outputs)
