"""The whole model: inputs, outputs, nodes, weights, and metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import ModelProto, ValueInfoProto, helper

from ..ir.dims import Dim
from ..ir.layer_graph import TypedGraph
from ..ir.op_graph import Graph, Node
from ..ir.types import DType
from ..passes.pipeline import Function
from ..program.functions import build_functions, optimise_functions
from ..version import VERSION
from .emitter import Array, Emitter
from .external import taken_apart
from .patterns import with_patterns
from .registry import OPSET, OPSETS, CannotExport
from .rules import RULES

MOST = 2**31 - 2**20
"""Most bytes of weights: a protobuf message ends at 2 GiB."""


def onnx_model(
    typed: TypedGraph, arrays: Mapping[str, Array], opset: int = OPSET, spec: str = ""
) -> ModelProto:
    """Return a network for prediction, as a checked ONNX model.

    `arrays` are parameters and state by name, `spec` the text that the model carries. Rows are
    the symbolic dimension B, symbolic sizes have the spec's names, padded inputs have a second input
    `NAME_lengths` of whole numbers. Raises CannotExport, which names the layer and the reason.
    """
    size = sum(array.nbytes for array in arrays.values())
    if size > MOST:
        raise CannotExport(
            f"the weights are {size / 2**30:.1f} GiB; an ONNX file holds 2 GiB: "
            "--external-data writes them beside it"
        )
    model = _model(_emitted(typed, arrays, opset), typed, opset, spec)
    onnx.checker.check_model(model, full_check=True)
    return model


def onnx_model_apart(
    typed: TypedGraph, arrays: Mapping[str, Array], opset: int, spec: str, location: str
) -> tuple[ModelProto, list[bytes]]:
    """The same model without its large tensors, and the parts of the file of that name with them.

    They may be of any size. The model is to be checked when both files are written."""
    e = _emitted(typed, arrays, opset)
    parts = taken_apart(e.initializers.values(), location)
    return _model(e, typed, opset, spec), parts


def _emitted(typed: TypedGraph, arrays: Mapping[str, Array], opset: int) -> Emitter:
    """All nodes and weights."""
    if opset not in OPSETS:
        raise CannotExport(f"opset {opset}: there are {OPSETS[0]} to {OPSETS[-1]}")
    real = np.dtype(typed.graph.dtype)
    graph = with_patterns(_prediction(typed), opset, double=real == np.float64)
    e = Emitter(graph, arrays, real)
    for node in graph:
        if node.op not in ("param", "state", "input", "lengths"):
            e.emit(node, _rule(node))
    return e


def _model(e: Emitter, typed: TypedGraph, opset: int, spec: str) -> ModelProto:
    return helper.make_model(
        _graph(e, typed),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", opset)]),
        producer_name="nnc",
        producer_version=VERSION,
        doc_string=spec,
    )


def _prediction(typed: TypedGraph) -> Graph:
    """Return the op graph of `predict` at -O0."""
    functions = optimise_functions(build_functions(typed), level=0)
    return functions[Function.PREDICT]


def _rule(node: Node) -> Any:
    if node.op not in RULES:
        raise CannotExport(f"{node.origin.layer}: there is no ONNX counterpart of {node.op}")
    return RULES[node.op]


def _graph(e: Emitter, typed: TypedGraph) -> onnx.GraphProto:
    outputs = [_output(e, n, id) for n, id in e.graph.outputs_for("out").items()]
    inputs = [_info(e, e.value(n.id), n) for n in e.graph if n.op in ("input", "lengths")]
    known = {i.name for i in (*inputs, *outputs)} | set(e.initializers)
    made = {name for node in e.nodes for name in node.output}
    between = {
        e.value(n.id): _info(e, e.value(n.id), n)
        for n in e.graph
        if n.op != "param" and n.op != "state" and e.value(n.id) in made - known
    }
    return helper.make_graph(
        e.nodes,
        typed.graph.model or "nnc",
        inputs,
        outputs,
        list(e.initializers.values()),
        value_info=list(between.values()),
    )


def _output(e: Emitter, name: str, id: int) -> ValueInfoProto:
    """Add an output under its own name; a value with another name passes through an Identity."""
    value = e.value(id)
    if value != name:
        e.nodes.append(helper.make_node("Identity", [value], [name], f"{name}/Identity"))
    return _info(e, name, e.graph[id])


def _info(e: Emitter, name: str, node: Node) -> ValueInfoProto:
    kinds: dict[DType, Any] = {DType.FLOAT: e.real, DType.INT: np.int64, DType.BOOL: np.bool_}
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(kinds[node.type.dtype]))
    return helper.make_tensor_value_info(name, kind, [_dim(dim) for dim in node.type.shape])


def _dim(dim: Dim) -> int | str:
    return dim if isinstance(dim, int) else str(dim)


__all__ = ["OPSET", "OPSETS", "CannotExport", "onnx_model", "onnx_model_apart"]
