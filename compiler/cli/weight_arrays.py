"""Weights of a network, read from a file and checked against the spec: names, shapes, dtype."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from nnc.runtime.weights import STATE

from ..contents import UnfitWeights
from ..ir.layer_graph import TypedGraph
from .messages import fail

Array = np.ndarray[Any, np.dtype[Any]]


def shapes_of(typed: TypedGraph) -> dict[str, tuple[int, ...]]:
    """The shapes of parameters and state, by name, in the order of the module."""
    shapes = {p.name: tuple(p.shape) for p in typed.params}
    return shapes | {s.name: tuple(s.shape) for s in typed.states}


def empty_arrays(typed: TypedGraph) -> dict[str, Array]:
    """Arrays of the shapes and the dtype of parameters and state, by name."""
    return {n: np.empty(shape, typed.graph.dtype) for n, shape in shapes_of(typed).items()}


def read_arrays(path: Path, typed: TypedGraph) -> dict[str, Array]:
    """Read parameters and state of a network by name, from an .npz or .safetensors file.

    The content says which it is, not the suffix. Raises UnfitWeights.
    """
    shapes, dtype = shapes_of(typed), np.dtype(typed.graph.dtype)
    found = named_arrays(path)
    states = {STATE + s.name: s.name for s in typed.states}
    found = {states.get(n, n): array for n, array in found.items() if ":" not in n}
    missing = [name for name in shapes if name not in found]
    extra = [name for name in found if name not in shapes]
    if missing or extra:
        parts = [("has no", missing), ("has", extra)]
        said = " and ".join(f"{lead} {', '.join(names[:5])}" for lead, names in parts if names)
        raise UnfitWeights(f"{path}: {said}: it is of another network")
    for name, shape in shapes.items():
        _check(path, name, found[name], shape, dtype)
    return {name: found[name] for name in shapes}


def _is_safetensors(path: Path) -> bool:
    from nnc.runtime.weights import is_safetensors

    try:
        return is_safetensors(path)
    except OSError as error:
        raise UnfitWeights(f"{path}: {error.strerror}") from None


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


def named_arrays(path: Path) -> dict[str, Array]:
    """All arrays of an .npz or .safetensors file by their names there; raises UnfitWeights."""
    from nnc.runtime.weights import WeightsError, unpack

    if not _is_safetensors(path):
        return _npz(path)
    try:
        return unpack(path)[0]
    except WeightsError as error:
        raise UnfitWeights(str(error)) from None
    except OSError as error:
        raise UnfitWeights(f"{path}: {error.strerror}") from None


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


def total_bytes(shapes: Mapping[str, tuple[int, ...]], width: int) -> int:
    """The size of all arrays, each number of so many bytes."""
    return sum(width * int(np.prod(shape, dtype=object)) for shape in shapes.values())


def deliver_arrays(path: str, params: Mapping[str, Array], state: Mapping[str, Array]) -> None:
    """Write parameters and state in the format of the suffix; exits with one line on an error."""
    from nnc.runtime.weights import WeightsError, write_weights

    try:
        write_weights(path, params, state)
    except WeightsError as error:
        fail(str(error))
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror or error}")
