"""Construction of op graphs: arithmetic on handles of values emits ops."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..ir.op_graph import Attr, Graph, Node, Origin, Role
from ..ir.types import TensorType

Use = tuple[Role, str]
"""What uses a value: a layer of the forward pass, or a loss, by its name."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A handle to a node; arithmetic on handles emits ops."""

    id: int
    type: TensorType
    builder: Builder

    def __matmul__(self, other: Value) -> Value:
        return self.builder.emit("matmul", self, other)

    def __add__(self, other: Value) -> Value:
        return self.builder.emit("add", self, other)

    def __sub__(self, other: Value) -> Value:
        return self.builder.emit("sub", self, other)

    def __mul__(self, other: Value) -> Value:
        return self.builder.emit("mul", self, other)

    def __truediv__(self, other: Value) -> Value:
        return self.builder.emit("div", self, other)


@dataclass(slots=True)
class Builder:
    """Builds a graph; `origin` is attached to newly emitted nodes.

    A node whose key is in `known` is not emitted again: the differentiator puts the forward
    pass there, so that gradients refer to values that forward has computed. `slopes` has, by the
    name of a loss, the formula of its gradient where that enters the network. `named_slopes` has
    for a value, by the role and layer of what uses it, the formula of the gradient that comes from
    there; `unnamed` are values inside such a formula, beside whose gradients the ops' own formulas,
    which have other names, are not shown.
    """

    origin: Origin
    nodes: list[Node] = field(default_factory=list)
    outputs: dict[str, int] = field(default_factory=dict)
    known: dict[object, int] = field(default_factory=dict)
    slopes: dict[str, str] = field(default_factory=dict)
    named_slopes: dict[int, dict[Use, str]] = field(default_factory=dict)
    unnamed: set[int] = field(default_factory=set)

    def emit(self, op: str, *inputs: Value, **attrs: Attr) -> Value:
        """Append an op; its type is computed by the op's registry entry."""
        from .registry import OPS

        kept = tuple(sorted(attrs.items()))
        ids = tuple(v.id for v in inputs)
        found = self.known.get((op, ids, kept))
        if found is not None:
            return self.value(found)
        type = OPS[op].infer(tuple(v.type for v in inputs), attrs)
        return self.append(op, ids, kept, type)

    def append(
        self,
        op: str,
        inputs: tuple[int, ...],
        attrs: tuple[tuple[str, Attr], ...],
        type: TensorType,
    ) -> Value:
        """Append a node of known type."""
        node = Node(len(self.nodes), op, inputs, attrs, type, self.origin)
        self.nodes.append(node)
        return Value(node.id, type, self)

    def describe(self, value: Value, *, formula: str = "", hint: str = "", note: str = "") -> Value:
        """Attach a formula, a name hint and a note to a value."""
        node = self.nodes[value.id]
        origin = replace(
            node.origin,
            formula=formula or node.origin.formula,
            hint=hint or node.origin.hint,
            notes=(*node.origin.notes, note) if note else node.origin.notes,
        )
        self.nodes[value.id] = replace(node, origin=origin)
        return value

    def say_slope(self, value: Value, formula: str) -> None:
        """Keep the formula of the gradient that a value gets from what is being emitted."""
        use = self.origin.role, self.origin.layer
        self.named_slopes.setdefault(value.id, {})[use] = formula

    def value(self, id: int) -> Value:
        """Return a handle to an existing node."""
        return Value(id, self.nodes[id].type, self)

    def graph(self) -> Graph:
        """The graph built so far."""
        return Graph(tuple(self.nodes), dict(self.outputs))
