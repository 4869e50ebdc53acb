"""The files of arrays that the doctor and the process of a program exchange."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..interpreter import Array


def write_arrays(path: str | Path, arrays: Mapping[str, Array]) -> None:
    """Write arrays to an .npz file."""
    np.savez(path, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes an array for a flag


def read_arrays(path: str | Path) -> dict[str, Array]:
    """Read the arrays of an .npz file; never unpickles."""
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
