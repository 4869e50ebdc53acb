"""Files of Keras: .weights.h5, and .keras, a zip archive of that with the model's configuration.

Only numbers are read; nothing that a file describes (classes, Lambda layers) is made or run. What
leads outside of the file, and arrays that are not wholly in it, are refused."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..contents import UnfitWeights
from ..convert.keras_modules import VARS, Stored
from .weight_arrays import Array

HDF5 = b"\x89HDF\r\n\x1a\n"
WEIGHTS, CONFIG = "model.weights.h5", "config.json"
LARGEST_CONFIG = 2**26
"""Most bytes of a configuration."""

RATIO = 1000
"""A member of an archive that is compressed by more than this factor is no file of weights."""


@dataclass(frozen=True, slots=True)
class KerasFile:
    """A file that was read; `config` is the model's configuration, None in a .weights.h5."""

    path: Path
    stored: Stored
    config: Mapping[str, Any] | None
    raw: bytes

    @property
    def layers(self) -> dict[str, Mapping[str, Any]]:
        """The configurations of all layers by name, in order; empty without a configuration."""
        return dict(_layers(self.config)) if self.config else {}


def is_keras(path: Path) -> bool:
    """Return whether a file is one of Keras, by its content; raises OSError."""
    with open(path, "rb") as file:
        start = file.read(len(HDF5))
    return start == HDF5 or (start.startswith(b"PK") and WEIGHTS in _members(path))


def _members(path: Path) -> list[str]:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return []


def read_keras(path: Path) -> KerasFile:
    """Read a file of Keras; raises UnfitWeights, OSError, and DataError where h5py is missing."""
    with open(path, "rb") as file:
        start = file.read(len(HDF5))
    if start == HDF5:
        raw, config = path.read_bytes(), None
    else:
        raw, config = _member(path, WEIGHTS), _config(path)
    arrays, names = _hdf5(path, raw)
    order = [name for name, _ in _layers(config)] if config else None
    return KerasFile(path, Stored(arrays, names, order), config, raw)


def _member(path: Path, name: str, most: int | None = None) -> bytes:
    try:
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(name)
            large = most is not None and info.file_size > most
            if large or info.file_size > RATIO * max(info.compress_size, 1):
                raise UnfitWeights(f"{path}: {name} is too large")
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError) as error:
        if isinstance(error, UnfitWeights):
            raise
        raise UnfitWeights(f"{path}: damaged, or no file of Keras") from None


def _config(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(_member(path, CONFIG, LARGEST_CONFIG))
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnfitWeights):
            raise
        raise UnfitWeights(f"{path}: {CONFIG} is damaged") from None
    if not isinstance(found, dict):
        raise UnfitWeights(f"{path}: {CONFIG} is damaged")
    return found


def _layers(config: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the names and configurations of a model's layers; those of inner models in between."""
    inner = config.get("config") if isinstance(config, dict) else None
    layers = inner.get("layers") if isinstance(inner, dict) else None
    for layer in layers if isinstance(layers, list) else ():
        settings = layer.get("config") if isinstance(layer, dict) else None
        if not isinstance(settings, dict):
            continue
        yield str(settings.get("name")), {**settings, "class_name": layer.get("class_name")}
        yield from _layers(layer)


def _hdf5(path: Path, raw: bytes) -> tuple[dict[str, Array], dict[str, str]]:
    """Return arrays by their paths, and the names of layers by their groups."""
    h5py = _h5py(path)
    arrays: dict[str, Array] = {}
    names: dict[str, str] = {}
    try:
        with h5py.File(io.BytesIO(raw), "r") as file:
            _refuse_old(path, file)
            _walk(path, h5py, file, "", arrays, names)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, UnfitWeights):
            raise
        raise UnfitWeights(f"{path}: damaged, or no file of Keras") from None
    return arrays, names


def _h5py(path: Path) -> Any:
    from nnc.runtime.extras import require

    return require("h5py", "keras", f"{path}: files of Keras need h5py")


def _refuse_old(path: Path, file: Any) -> None:
    if "layer_names" in file.attrs or "model_weights" in file:
        raise UnfitWeights(
            f"{path}: written in the format before Keras 3; load it there and save it with "
            "model.save_weights('net.weights.h5')"
        )


def _walk(
    path: Path, h5py: Any, group: Any, lead: str, arrays: dict[str, Array], names: dict[str, str]
) -> None:
    for key in group:
        place = f"{lead}{key}"
        if not isinstance(group.get(key, getlink=True), h5py.HardLink):
            raise UnfitWeights(f"{path}: {place} leads elsewhere, which is not read")
        found = group[key]
        if isinstance(found, h5py.Dataset):
            arrays[place] = _array(path, place, found)
            continue
        if key == VARS and isinstance(found.attrs.get("name"), str):
            names[lead.rstrip("/")] = found.attrs["name"]
        if place.count("/") < 100:
            _walk(path, h5py, found, f"{place}/", arrays, names)


def _array(path: Path, place: str, found: Any) -> Array:
    """Read an array that is wholly in the file, as Keras writes it."""
    if found.is_virtual or found.external or found.dtype.kind not in "fiu":
        raise UnfitWeights(f"{path}: {place} is no array of numbers in the file itself")
    size = int(np.prod(found.shape, dtype=object)) * found.dtype.itemsize
    if found.chunks is not None or found.id.get_storage_size() != size:
        raise UnfitWeights(f"{path}: {place} is compressed or incomplete, unlike what Keras writes")
    array: Array = found[()]
    return np.asarray(array)


def written(like: KerasFile, arrays: Mapping[str, Array], output: Path) -> bytes:
    """Return the bytes of a file like another one, with these arrays by their paths."""
    h5py = _h5py(output)
    file = io.BytesIO(like.raw)
    with h5py.File(file, "r+") as store:
        for place, array in arrays.items():
            store[place][...] = array
    if like.config is None:
        return file.getvalue()
    return _archive(like.path, file.getvalue())


def _archive(path: Path, weights: bytes) -> bytes:
    """Return an archive with other weights and all else as it is."""
    file = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(file, "w") as target:
        for info in source.infolist():
            target.writestr(info, weights if info.filename == WEIGHTS else source.read(info))
    return file.getvalue()


def fresh(groups: Mapping[str, Mapping[str, Array]], names: Mapping[str, str], path: Path) -> bytes:
    """Return a .weights.h5 with the arrays of each group by their short names."""
    h5py = _h5py(path)
    file = io.BytesIO()
    with h5py.File(file, "w") as store:
        for group, arrays in groups.items():
            store.create_group(f"{group}/{VARS}").attrs["name"] = names[group]
            for short, array in arrays.items():
                inner, _, number = short.rpartition(".")
                lead = "/".join(part for part in (group, *inner.split("."), VARS) if part)
                store[f"{lead}/{number}"] = np.ascontiguousarray(array)
    return file.getvalue()
