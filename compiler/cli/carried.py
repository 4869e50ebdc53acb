"""Weights that are embedded in a module, read from a file and checked against the spec.

The module does not validate them again, so weights that do not fit are refused here."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..contents import UnfitWeights, Weights
from ..ir.layer_graph import TypedGraph

Array = np.ndarray[Any, np.dtype[Any]]

MOST = 64 * 2**20
"""Most bytes of embedded weights: as text, which Python has to parse, they are a third more."""


def read_weights(path: Path, typed: TypedGraph) -> Weights:
    """Read the weights of a network from a file; raises UnfitWeights."""
    shapes = {p.name: tuple(p.shape) for p in typed.params}
    shapes |= {s.name: tuple(s.shape) for s in typed.states}
    dtype = np.dtype(typed.graph.dtype)
    _refuse_many(shapes, dtype.itemsize)
    found = _safetensors(path, typed) if path.suffix.lower() == ".safetensors" else _npz(path)
    missing = [name for name in shapes if name not in found]
    extra = [name for name in found if name not in shapes]
    if missing or extra:
        parts = [("has no", missing), ("has", extra)]
        said = " and ".join(f"{lead} {', '.join(names[:5])}" for lead, names in parts if names)
        raise UnfitWeights(f"{path}: {said}: it is of another network")
    for name, shape in shapes.items():
        _check(path, name, found[name], shape, dtype)
    little = dtype.newbyteorder("<")
    data = b"".join(found[name].astype(little).tobytes() for name in shapes)
    return Weights(path.name, len(data) // dtype.itemsize, data)


def _refuse_many(shapes: Mapping[str, tuple[int, ...]], width: int) -> None:
    size = sum(width * int(np.prod(shape, dtype=object)) for shape in shapes.values())
    if size > MOST:
        raise UnfitWeights(
            f"the weights are {size / 2**20:,.0f} MiB, and a module carries {MOST / 2**20:.0f} MiB at "
            "most: compile without --params, and give the file to load_params(path)"
        )


def _check(
    path: Path, name: str, array: Array, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> None:
    if array.shape != shape:
        raise UnfitWeights(f"{path}: {name}: expected shape {shape}, found {array.shape}")
    if array.dtype.newbyteorder("=") != dtype:
        raise UnfitWeights(
            f"{path}: {name}: expected {dtype}, the dtype of the spec, found {array.dtype}"
        )
    if not np.isfinite(array).all():
        raise UnfitWeights(f"{path}: {name} has entries that are not finite")


def _safetensors(path: Path, typed: TypedGraph) -> dict[str, Array]:
    """Read the tensors of parameters and state, without `state.` prefixes and checkpoint extras."""
    from nnc.runtime.weights import STATE, WeightsError, unpack

    try:
        tensors, _ = unpack(path)
    except WeightsError as error:
        raise UnfitWeights(str(error)) from None
    except OSError as error:
        raise UnfitWeights(f"{path}: {error.strerror}") from None
    states = {STATE + s.name: s.name for s in typed.states}
    return {states.get(name, name): array for name, array in tensors.items() if ":" not in name}


def _npz(path: Path) -> dict[str, Array]:
    try:
        with open(path, "rb") as file:
            if not zipfile.is_zipfile(file):
                raise UnfitWeights(f"{path}: neither an .npz nor a .safetensors file")
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except OSError as error:
        raise UnfitWeights(f"{path}: {error.strerror or 'damaged'}") from None
    except (EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, UnfitWeights):
            raise
        raise UnfitWeights(f"{path}: damaged, or holds what is no array of numbers") from None
