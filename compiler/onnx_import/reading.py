"""Opens an untrusted ONNX file: checks sizes and external data, and runs the ONNX checker."""

from __future__ import annotations

from math import prod
from pathlib import Path

import onnx
from onnx import GraphProto, ModelProto, TensorProto
from onnx.external_data_helper import load_external_data_for_tensor, uses_external_data

from .faults import CannotRead

MOST = 2**31
"""Most bytes of a file, and of the weights in all: those of a protobuf message."""


def read_model(path: Path) -> ModelProto:
    """Read and check a model; raises CannotRead with one line, and OSError."""
    if path.stat().st_size > MOST:
        raise CannotRead(f"{path}: larger than 2 GiB, which no ONNX file is")
    try:
        model = onnx.load_model_from_string(path.read_bytes())
    except Exception:  # protobuf's error class is not public in onnx
        raise CannotRead(f"{path}: no ONNX model, or damaged") from None
    if not model.graph.node and not model.graph.output:
        raise CannotRead(f"{path}: no ONNX model, or an empty one")
    _check_tensors(model, path)
    _load_external(model, path)
    try:
        onnx.checker.check_model(model)
    except Exception as error:  # the checker raises its own errors, and some from C++
        first = str(error).strip().splitlines() or ["it does not follow the standard"]
        raise CannotRead(f"{path}: not a valid ONNX model: {first[0]}") from None
    return model


def _tensors(graph: GraphProto) -> list[TensorProto]:
    """Yield all tensors with numbers: initializers and the values of Constant nodes."""
    values = [a.t for node in graph.node for a in node.attribute if a.HasField("t")]
    return [*graph.initializer, *values]


def _check_tensors(model: ModelProto, path: Path) -> None:
    total = 0
    for tensor in _tensors(model.graph):
        if any(dim < 0 for dim in tensor.dims):
            raise CannotRead(f"{path}: tensor '{tensor.name}' has a negative size")
        total += 4 * prod(tensor.dims)
        if total > 2 * MOST:
            raise CannotRead(f"{path}: tensor '{tensor.name}' claims more than memory holds")


def _load_external(model: ModelProto, path: Path) -> None:
    """Read data from files in the model's folder; paths outside it are refused."""
    folder = path.resolve().parent
    for tensor in _tensors(model.graph):
        if not uses_external_data(tensor):
            continue
        where = next((e.value for e in tensor.external_data if e.key == "location"), "")
        if not isinstance(where, str) or not where:  # invalid UTF-8 is returned as bytes
            raise CannotRead(f"{path}: tensor '{tensor.name}' lies outside of the model's folder")
        file = (folder / where).resolve()
        if folder not in file.parents:
            raise CannotRead(f"{path}: tensor '{tensor.name}' lies outside of the model's folder")
        if not file.is_file():
            raise CannotRead(
                f"{path}: the file {where} with the numbers of '{tensor.name}' is missing"
            )
        try:
            load_external_data_for_tensor(tensor, str(folder))
        except Exception:
            raise CannotRead(
                f"{path}: {where} does not hold the numbers of '{tensor.name}'"
            ) from None
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]
