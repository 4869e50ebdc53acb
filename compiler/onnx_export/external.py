"""Tensors in a file beside the model, for weights beyond what one protobuf message holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from onnx import TensorProto, checker

LEAST = 1024
"""Smaller tensors, in bytes, stay in the model: most are shapes and single numbers."""

PAGE = 4096
"""Tensors begin at multiples of this, so that programs can map the file."""


def taken_apart(tensors: Iterable[TensorProto], location: str) -> list[bytes]:
    """Take the data out of large tensors; return the parts of the file of that name in order.

    The tensors refer to the file by its name, so that it belongs into the model's folder."""
    parts: list[bytes] = []
    offset = 0
    for tensor in tensors:
        data = tensor.raw_data
        if len(data) < LEAST:
            continue
        gap = -offset % PAGE
        offset += gap
        _refer(tensor, location, offset, len(data))
        parts += [bytes(gap), data]
        offset += len(data)
    return parts


def _refer(tensor: TensorProto, location: str, offset: int, length: int) -> None:
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", offset), ("length", length)):
        tensor.external_data.add(key=key, value=str(value))


def check_file(path: Path) -> None:
    """Check a model whose file of tensors is beside it; raises onnx's error where it is not valid."""
    checker.check_model(str(path), full_check=True)
