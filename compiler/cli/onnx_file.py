"""Writes an ONNX model and the file of its tensors beside it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from nnc.runtime import durable


def write_apart(model: bytes, parts: Iterable[bytes], output: Path, data: Path) -> None:
    """Write a model and the parts of its tensors' file; raises OSError.

    Both are checked together before they take their places."""
    from ..onnx_export.external import check_file

    with TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as folder:
        tensors, whole = Path(folder) / data.name, Path(folder) / output.name
        with tensors.open("wb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        whole.write_bytes(model)
        check_file(whole)
        os.replace(tensors, data)
    durable.write_bytes(output, model)
