"""Files .npz and .npy; those read as data have arrays named as the model's ports, or `x` and `y`."""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import DataError, Dataset
from ..module import Array, Arrays, Module
from .npy import NpyFiles, beside, check_kind, check_size, read_header

TARGET_KEYS = ("y", "target", "targets", "labels")
"""Accepted names of a single target in a file."""


def read_npz(path: Path, module: Module) -> Dataset:
    """Read a data set from a file of named arrays; never unpickles."""
    return _dataset(_read(path), path, module)


def read_npy_file(path: Path, module: Module) -> Dataset:
    """Read a data set from an .npy file and those beside it; large arrays are memory-mapped."""
    return _dataset(beside(path, list(module.INPUTS)), path, module)


def read_npy_folder(folder: Path, module: Module) -> Dataset:
    """Read a data set from a folder of .npy files; large arrays are memory-mapped."""
    return _dataset(NpyFiles(folder), folder, module)


def _dataset(arrays: Mapping[str, Array], path: Path, module: Module) -> Dataset:
    """Make a data set of named arrays.

    A single input may be called `x` whatever its name in the model, a single target any of
    TARGET_KEYS. The true lengths of padded rows are called `lengths`, or `NAME_lengths` where
    several inputs have them. Other arrays are ignored."""
    targets = list(module.TARGETS)
    x = _pick(arrays, list(module.INPUTS), ("x",), path, "input")
    target = _pick(arrays, targets, TARGET_KEYS, path, "target") if targets else None
    return Dataset(x, target, path.name, _lengths(arrays, getattr(module, "RAGGED", ()), path))


def _lengths(arrays: Mapping[str, Array], ragged: Sequence[str], path: Path) -> Arrays | None:
    if not ragged:
        return None
    keys = [f"{name}_lengths" for name in ragged]
    if len(ragged) == 1:
        return _pick(arrays, keys, ("lengths",), path, "true lengths of rows")
    found = _each(arrays, keys, path, "true lengths of rows")
    return {name: found[key] for name, key in zip(ragged, keys, strict=True)}


def npz_bytes(arrays: Mapping[str, Array]) -> bytes:
    """Return arrays as an .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # NumPy's stub takes an array for a flag
    return file.getvalue()


def named_arrays(path: Path, most: int) -> dict[str, Array]:
    """Read the arrays of a file, including scalars; never unpickles.

    Headers are checked before any allocation: raises DataError where the arrays need more than
    `most` bytes together, or are not numbers."""
    return _read(path, most)


def _read(path: Path, most: int | None = None) -> dict[str, Array]:
    """Read the arrays of a file; with a limit of bytes `most`, scalars are allowed."""
    try:
        file = np.load(path, allow_pickle=False)
        if not isinstance(file, np.lib.npyio.NpzFile):
            raise DataError(f"{path}: this is a single array, not an .npz archive of named ones")
        with file:
            found, left = {}, most
            for name in file:
                found[name] = _member(file, name, path, left)
                left = None if left is None else left - found[name].nbytes
            return found
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or 'not a readable .npz file'}") from None
    except MemoryError:
        raise DataError(
            f"{path}: too large for memory; .npy files are read piece by piece"
        ) from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error, NotImplementedError):
        raise DataError(
            f"{path}: not a readable .npz file of plain numeric arrays "
            "(object arrays are refused: they would have to be unpickled)"
        ) from None


def _member(file: Any, name: str, path: Path, most: int | None) -> Array:
    """Read an array after checking its header."""
    archive: zipfile.ZipFile = file.zip
    key = name if name in archive.namelist() else f"{name}.npy"
    what = f"{path}: `{name}`"
    with archive.open(key) as member:
        shape, _, dtype = read_header(member, what)
        start = member.tell()
    check_kind(dtype, shape if most is None else (*shape, 1), what)
    if most is not None and math.prod(shape) * dtype.itemsize > most:
        raise DataError(f"{path}: the arrays together are larger than the memory that is allowed")
    check_size(shape, dtype, archive.getinfo(key).file_size - start, what)
    array: Array = file[name]
    return array


def _pick(
    arrays: Mapping[str, Array],
    names: Sequence[str],
    others: Iterable[str],
    path: Path,
    what: str,
) -> Arrays:
    """Return the array of a single name, or of one of the `others` in its place; or all by name."""
    if len(names) != 1:
        return _each(arrays, names, path, what)
    for key in (names[0], *others):
        if key in arrays:
            return arrays[key]
    raise _missing(arrays, (names[0], *others), path, what)


def _each(
    arrays: Mapping[str, Array], names: Sequence[str], path: Path, what: str
) -> dict[str, Array]:
    for name in names:
        if name not in arrays:
            raise _missing(arrays, (name,), path, what)
    return {name: arrays[name] for name in names}


def _missing(arrays: Mapping[str, Array], keys: Iterable[str], path: Path, what: str) -> DataError:
    found = ", ".join(f"`{name}`" for name in arrays) or "nothing"
    wanted = " or ".join(f"`{key}`" for key in dict.fromkeys(keys))
    return DataError(f"{path}: no array for the {what} {wanted}; the file holds {found}")
