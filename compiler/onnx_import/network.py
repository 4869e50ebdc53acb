"""A model's graph with all shapes known and constants computed.

The batch and other symbolic sizes are replaced by numbers that occur nowhere else, so that ONNX
infers every shape and shape computations become constants; `size` maps them back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper, shape_inference
from onnx.reference import ReferenceEvaluator

from .faults import CannotRead, Unsupported

Array = np.ndarray[Any, np.dtype[Any]]
Size = int | str
"""A size of one row: a number, or the symbol of one that stays open."""

BATCH = 7919
"""Stands for the number of rows: a prime that no layer has as its size."""

OPEN = {"T": 6997, "S": 6991, "L": 6983, "U": 6977}
"""Stand for open sizes, by the symbol that the spec gets."""

CLASSES = (TensorProto.INT64, TensorProto.INT32, TensorProto.STRING)
"""Types of an output that names a class."""

MOST_FOLDED = 10**7
"""Most entries of a constant that is computed."""

ALIASES = ("Identity", "Dropout", "ZipMap")
"""Operators that pass on their first operand when a model predicts."""


@dataclass(frozen=True, slots=True)
class Input:
    """An input: its name, its type in the file, and the sizes of one row."""

    name: str
    type: int
    shape: tuple[Size, ...]


@dataclass(slots=True)
class Network:
    """Nodes in order, constants by name, shapes of all values with stand-ins for symbolic sizes.

    `classes` are the outputs with the predicted class; they are not in `outputs`. `wholes` are
    computed values of whole numbers.
    """

    nodes: list[NodeProto]
    constants: dict[str, Array]
    shapes: dict[str, tuple[int, ...]]
    inputs: list[Input]
    outputs: list[str]
    classes: list[str]
    opset: int
    wholes: frozenset[str] = frozenset()
    users: dict[str, list[NodeProto]] = field(default_factory=dict)
    makers: dict[str, NodeProto] = field(default_factory=dict)

    def only_user(self, name: str, *ops: str) -> NodeProto | None:
        """Return the only node that uses a value if its operator is one of these."""
        users = self.users.get(name, [])
        alone = len(users) == 1 and name not in self.outputs
        return users[0] if alone and users[0].op_type in ops else None

    def maker(self, name: str, *ops: str) -> NodeProto | None:
        """Return the node that computes a value if its operator is one of these."""
        node = self.makers.get(name)
        return node if node is not None and node.op_type in ops else None

    def row(self, name: str) -> tuple[Size, ...]:
        """Return the sizes of one row of a value; raises Unsupported if its rows are not the batch."""
        shape = self.shape(name)
        if not shape or shape[0] != BATCH:
            raise Unsupported("its first axis is not the batch", "export with the batch axis first")
        return tuple(map(size, shape[1:]))

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a value, with stand-ins for symbolic sizes."""
        if name not in self.shapes:
            raise Unsupported("its shape is not known before the model runs")
        return self.shapes[name]


def size(number: int) -> Size:
    """Return a size as the spec writes it: the symbol of a stand-in, else the number."""
    return next((symbol for symbol, stand in OPEN.items() if number == stand), number)


def stand_in(dim: Size) -> int:
    """Return the stand-in of a size."""
    return OPEN[dim] if isinstance(dim, str) else dim


def attributes(node: NodeProto) -> dict[str, Any]:
    """Return the attributes of a node by name, text as str."""
    found = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    return {k: v.decode() if isinstance(v, bytes) else v for k, v in found.items()}


def network(model: ModelProto) -> Network:
    """Return the graph of a model with inferred shapes; raises CannotRead."""
    model = _with_sizes(model)
    made = _inferred(model)
    classes, unknown = made.classes, _unknown(made)
    while unknown:
        made = _inferred(_with_constants(model, made))
        made.classes = classes
        before, unknown = unknown, _unknown(made)
        if unknown >= before:
            break
    link(made)
    return made


def _inferred(model: ModelProto) -> Network:
    """Return the graph with the shapes that onnx infers and folded constants."""
    try:
        model = shape_inference.infer_shapes(model, data_prop=True)
    except Exception as error:
        raise CannotRead(
            f"its shapes contradict each other: {str(error).splitlines()[0]}"
        ) from None
    graph = model.graph
    constants = {t.name: _numbers(t) for t in graph.initializer}
    shapes = {n: tuple(a.shape) for n, a in constants.items()}
    for value in (*graph.input, *graph.value_info, *graph.output):
        tensor = value.type.tensor_type
        known = tensor.HasField("shape") and all(d.HasField("dim_value") for d in tensor.shape.dim)
        if known:
            shapes.setdefault(value.name, tuple(d.dim_value for d in tensor.shape.dim))
    given = [v for v in graph.input if v.name not in constants]
    inputs = [Input(v.name, v.type.tensor_type.elem_type, _row(shapes[v.name])) for v in given]
    opset = next((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), 1)
    classes = _classes(model)
    outputs = [o.name for o in graph.output if o.name not in classes]
    whole = (TensorProto.INT64, TensorProto.INT32)
    kinds = ((v.name, v.type.tensor_type.elem_type) for v in graph.value_info)
    wholes = frozenset(name for name, kind in kinds if kind in whole)
    made = Network(list(graph.node), constants, shapes, inputs, outputs, classes, opset, wholes)
    _fold(made, model)
    return made


def _numbers(tensor: TensorProto) -> Array:
    try:
        return numpy_helper.to_array(tensor)
    except (KeyError, TypeError, ValueError):  # an unknown type, or a wrong count of numbers
        raise CannotRead(
            f"tensor '{tensor.name}' does not hold what its type and shape say"
        ) from None


def _classes(model: ModelProto) -> list[str]:
    """Return the outputs with predicted classes, if other outputs have the scores."""
    found = [o.name for o in model.graph.output if _is_class(o.type)]
    return found if len(found) < len(model.graph.output) else []


def _is_class(kind: Any) -> bool:
    return kind.HasField("tensor_type") and kind.tensor_type.elem_type in CLASSES


def _unknown(made: Network) -> int:
    """Return the number of values without a shape."""
    return sum(name not in made.shapes for node in made.nodes for name in node.output if name)


def _with_constants(model: ModelProto, made: Network) -> ModelProto:
    """Return the model with folded constants stored, from which more shapes can be inferred."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.graph.node[:], copy.graph.initializer[:], copy.graph.output[:]
    copy.graph.node.extend(made.nodes)
    used = {name for node in made.nodes for name in node.input}
    copy.graph.initializer.extend(
        numpy_helper.from_array(array, name)
        for name, array in made.constants.items()
        if name in used
    )
    kinds = {o.name: o for o in model.graph.output}
    for name in made.outputs:
        copy.graph.output.append(kinds.get(name) or helper.make_empty_tensor_value_info(name))
    return copy


def _row(shape: Sequence[int]) -> tuple[Size, ...]:
    return tuple(map(size, shape[1:]))


def _with_sizes(model: ModelProto) -> ModelProto:
    """Return the model with stand-ins for symbolic input sizes, without the shapes of other values."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {t.name for t in copy.graph.initializer}
    symbols: dict[str, int] = {}
    free = iter(OPEN.values())
    for value in copy.graph.input:
        if value.name in constants:
            continue
        dims = value.type.tensor_type.shape.dim
        if not value.type.HasField("tensor_type") or not dims:
            raise CannotRead(f"input '{value.name}' has no axes: rows of numbers are needed")
        for axis, dim in enumerate(dims):
            _give_size(dim, axis, symbols, free)
    del copy.graph.value_info[:]
    for value in copy.graph.output:
        if value.type.HasField("tensor_type"):
            value.type.tensor_type.ClearField("shape")
    return copy


def _give_size(dim: Any, axis: int, symbols: dict[str, int], free: Any) -> None:
    """Set a size; the first axis is the batch, even if the file has 1."""
    if axis == 0:
        if dim.dim_param:
            symbols.setdefault(dim.dim_param, BATCH)
        dim.dim_value = BATCH
    elif not dim.HasField("dim_value"):
        key = dim.dim_param or f"axis {axis}"
        if key not in symbols:
            symbols[key] = next(free, 0) or _refuse_many()
        dim.dim_value = symbols[key]


def _refuse_many() -> int:
    raise CannotRead(f"its inputs have more than {len(OPEN)} open sizes")


def _fold(made: Network, model: ModelProto) -> None:
    """Fold nodes that depend only on constants and shapes, and resolve Identity nodes."""
    renamed: dict[str, str] = {}
    kept: list[NodeProto] = []
    for node in made.nodes:
        for i, name in enumerate(node.input):
            node.input[i] = renamed.get(name, name)
        if node.op_type == "Shape" and node.input[0] in made.shapes:
            _constant(made, node.output[0], _shape(made, node))
        elif _is_constant(made, node):
            _evaluate(made, node, model)
            if node.output[0] not in made.constants:
                kept.append(node)
        elif node.op_type in ALIASES or _is_real_cast(made, node) or _is_id_cast(made, node):
            renamed[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    made.outputs = [renamed.get(name, name) for name in made.outputs]
    made.nodes = kept


def _shape(made: Network, node: NodeProto) -> Array:
    """Return the value of a Shape node, which may cover only some axes."""
    given = attributes(node)
    shape = made.shapes[node.input[0]]
    return np.array(shape[given.get("start", 0) : given.get("end")], np.int64)


def _is_real_cast(made: Network, node: NodeProto) -> bool:
    """Whether a real number changes its width; a size that becomes one is computed."""
    if node.input[0] in made.wholes:
        return False
    reals = (TensorProto.FLOAT, TensorProto.DOUBLE)
    return node.op_type == "Cast" and attributes(node)["to"] in reals


def _is_id_cast(made: Network, node: NodeProto) -> bool:
    """Return whether a node casts an integer input to another integer width."""
    whole = (TensorProto.INT32, TensorProto.INT64)
    given = {i.name for i in made.inputs if i.type in whole}
    return node.op_type == "Cast" and attributes(node)["to"] in whole and node.input[0] in given


def _is_constant(made: Network, node: NodeProto) -> bool:
    names = [name for name in node.input if name]
    nested = any(a.HasField("g") for a in node.attribute)
    random = node.op_type.startswith("Random")
    return not nested and not random and all(name in made.constants for name in names)


def _evaluate(made: Network, node: NodeProto, model: ModelProto) -> None:
    """Compute a node whose operands are all known; keep it if that fails."""
    outputs = [helper.make_empty_tensor_value_info(name) for name in node.output]
    graph = helper.make_graph([node], "constant", [], outputs)
    names = [name for name in node.input if name]
    graph.initializer.extend(numpy_helper.from_array(made.constants[n], n) for n in set(names))
    whole = helper.make_model(graph, opset_imports=list(model.opset_import))
    if _too_large(made, node):
        return
    try:
        values = ReferenceEvaluator(whole).run(None, {})
    except Exception:  # the evaluator raises errors of any type for what it does not support
        return
    for name, value in zip(node.output, values, strict=True):
        _constant(made, name, np.asarray(value))


def _too_large(made: Network, node: NodeProto) -> bool:
    shape = made.shapes.get(node.output[0], ())
    return int(np.prod(shape, dtype=object)) > MOST_FOLDED


def _constant(made: Network, name: str, value: Array) -> None:
    made.constants[name] = value
    made.shapes[name] = tuple(value.shape)


def link(made: Network) -> None:
    """Index the producer and the users of each value, without nodes that no output needs."""
    made.users, made.makers = {}, {}
    needed, kept = set(made.outputs), []
    for node in reversed(made.nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    made.nodes = kept[::-1]
    for node in made.nodes:
        for name in node.input:
            made.users.setdefault(name, []).append(node)
        for name in node.output:
            made.makers[name] = node


def dtype_of(arrays: Mapping[str, Array]) -> str:
    """Return a model's dtype: float64 if any weight has it, else float32."""
    wide = any(array.dtype == np.float64 and array.size > 1 for array in arrays.values())
    return "float64" if wide else "float32"
