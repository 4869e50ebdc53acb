"""Weights that are embedded in a module, read from a file and checked against the spec.

The module does not validate them again, so weights that do not fit are refused here."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..contents import UnfitWeights, Weights
from ..ir.layer_graph import TypedGraph
from .weight_arrays import read_arrays, shapes_of, total_bytes

MOST = 64 * 2**20
"""Most bytes of embedded weights: as text, which Python has to parse, they are a third more."""


def read_weights(path: Path, typed: TypedGraph) -> Weights:
    """Read the weights of a network from a file; raises UnfitWeights."""
    dtype = np.dtype(typed.graph.dtype)
    size = total_bytes(shapes_of(typed), dtype.itemsize)
    if size > MOST:
        raise UnfitWeights(
            f"the weights are {size / 2**20:,.0f} MiB, and a module carries {MOST / 2**20:.0f} MiB at "
            "most: compile without --params, and give the file to load_params(path)"
        )
    little = dtype.newbyteorder("<")
    data = b"".join(array.astype(little).tobytes() for array in read_arrays(path, typed).values())
    return Weights(path.name, len(data) // dtype.itemsize, data)
