"""An ONNX graph under construction: nodes, initializers and readable, unique names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ..ir.dims import Dim
from ..ir.op_graph import Graph, Node
from .registry import CannotExport
from .sizes import Sizes

Array = np.ndarray[Any, np.dtype[Any]]

WEIGHTS = ("param", "state")
"""Leaves whose arrays become initializers."""

GIVEN = ("input", "lengths")
"""Leaves that whoever runs the model gives."""


class Emitter:
    """Grows an ONNX graph from an op graph.

    `real` is the dtype of real numbers, `arrays` the weights by name. `add` appends a node; the
    node of the op graph it stands for gives it its name and its doc string.
    """

    def __init__(self, graph: Graph, arrays: Mapping[str, Array], real: np.dtype[Any]) -> None:
        self.graph, self.arrays, self.real = graph, arrays, real
        self.nodes: list[NodeProto] = []
        self.initializers: dict[str, TensorProto] = {}
        self.sizes = Sizes(self)
        self._values: dict[int, str] = {}
        self._constants: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._taken: dict[str, int] = {}
        self._current: Node | None = None
        for node in graph:  # reserved for weights, inputs and outputs
            if node.op in (*WEIGHTS, *GIVEN):
                self._values[node.id] = self.unique(leaf_name(node))
        named = graph.outputs_for("out")
        self._outputs = {id: name for name, id in reversed(named.items()) if self._is_free(name)}

    # --- values ---------------------------------------------------------------------------

    def value(self, id: int) -> str:
        """Return the name of an emitted value; a weight becomes an initializer on its first use."""
        node = self.graph[id]
        name = self._values[id]
        if node.op in WEIGHTS and name not in self.initializers:
            array = self.array(id)
            self.initializers[name] = numpy_helper.from_array(array, name)
        return name

    def operands(self, node: Node) -> list[str]:
        """Return the names of a node's operands."""
        return [self.value(i) for i in node.inputs]

    def array(self, id: int) -> Array:
        """Return the numbers of a weight; raises CannotExport if the value is computed."""
        node = self.graph[id]
        if node.op == "zeros":
            return np.zeros([self.number(dim) for dim in node.type.shape], self.real)
        if node.op not in WEIGHTS:
            raise CannotExport(f"{node.origin.layer}: ONNX wants fixed weights where {node.op} is")
        kept = self.arrays[node.word("name")]
        return np.ascontiguousarray(kept, self.real)

    def is_weight(self, id: int) -> bool:
        """Return whether a value is a weight."""
        return self.graph[id].op in WEIGHTS

    # --- nodes ----------------------------------------------------------------------------

    def emit(self, node: Node, rule: Any) -> None:
        """Add the nodes of one op, and name its value."""
        self._current = node
        before = len(self.nodes)
        name = rule(self, node)
        made = {out for n in self.nodes[before:] for out in n.output}
        if name in made:
            name = self._renamed(before, name, self._best_name(node))
        self._values[node.id] = name
        self._current = None

    def add(self, op: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Append an ONNX node and return the name of its first value; '' is an omitted operand."""
        owner = self._current.origin.layer if self._current else "shape"
        name = self.unique(f"{owner}/{op}")
        given = {k: v for k, v in attributes.items() if v is not None}
        results = [name, *(f"{name}:{i}" for i in range(1, outputs))]
        node = helper.make_node(op, list(inputs), results, name, self._doc(), **given)
        self.nodes.append(node)
        return name

    def constant(self, value: Any, dtype: Any = None, hint: str = "") -> str:
        """Return an initializer's name; equal ones are shared. The default dtype is the model's."""
        array = np.ascontiguousarray(np.asarray(value, self.real if dtype is None else dtype))
        array = array.reshape(np.shape(value))
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            name = self.unique(hint or _constant_name(array))
            self.initializers[name] = numpy_helper.from_array(array, name)
            self._constants[key] = name
        return self._constants[key]

    def whole(self, *values: int) -> str:
        """Return a vector of integers, such as axes, as an initializer."""
        return self.constant(values, np.int64)

    def shape(self, dims: Sequence[Dim]) -> str:
        """Return a shape as a vector of integers."""
        return self.sizes.shape(tuple(dims))

    def cast(self, x: str, to: int | None = None) -> str:
        """Cast a value to the model's dtype, or to another ONNX type."""
        kind = helper.np_dtype_to_tensor_dtype(self.real) if to is None else to
        return self.add("Cast", x, to=kind)

    def number(self, dim: Dim) -> int:
        """Return a size that ONNX needs as a number; raises CannotExport if it is symbolic."""
        if isinstance(dim, int):
            return dim
        raise CannotExport(f"{self.layer()}: ONNX wants a number where the size {dim} is open")

    def layer(self) -> str:
        """Return the layer whose op is being emitted, for messages."""
        return self._current.origin.layer if self._current else ""

    def unique(self, wanted: str) -> str:
        """Return the wanted name, or its first unused variant with a number."""
        count = self._taken.get(wanted, 0)
        self._taken[wanted] = count + 1
        return wanted if not count else self.unique(f"{wanted}_{count + 1}")

    def _is_free(self, name: str) -> bool:
        """Return whether a name is unused, and mark it as used."""
        return self.unique(name) == name

    def _best_name(self, node: Node) -> str:
        """Return the output's name, else the op graph's hint, else layer and op."""
        wanted = node.origin.hint or f"{node.origin.layer}/{node.op}"
        return self._outputs.get(node.id) or self.unique(wanted)

    def _renamed(self, start: int, old: str, new: str) -> str:
        for node in self.nodes[start:]:
            for names in (node.input, node.output):
                for i, name in enumerate(names):
                    if name == old:
                        names[i] = new
        return new

    def _doc(self) -> str:
        """Return a node's place in the spec, and its formula."""
        if self._current is None:
            return ""
        origin = self._current.origin
        places = [f"{span.source.name}:{span.line}" for span in origin.spans[:1]]
        return " ".join([*places, origin.formula]).strip()


def leaf_name(node: Node) -> str:
    """Return the public name of a leaf: a weight, an input, or the lengths of an input."""
    name = node.word("name")
    return f"{name}_lengths" if node.op == "lengths" else name


def _constant_name(array: Array) -> str:
    if array.size <= 4:
        return "_".join(["const", *(f"{x:g}" for x in array.ravel())])
    return "const"
