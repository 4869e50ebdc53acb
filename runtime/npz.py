"""Data from .npz files: arrays called as the model's inputs and targets, or `x` and `y`."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset
from .module import Array, Arrays

TARGET_KEYS = ("y", "target", "targets", "labels")
"""What a file may call its only target."""


def read_npz(
    path: Path, inputs: Sequence[str], targets: Sequence[str], ragged: Sequence[str] = ()
) -> Dataset:
    """A dataset from a file of named arrays; never unpickles.

    An only input may be called `x` whatever the model calls it, an only target any of
    TARGET_KEYS. The true lengths of padded rows are called `lengths`, or `NAME_lengths` where
    several inputs have them (`ragged`). Arrays that belong to nothing are left alone.
    """
    arrays = _read(path)
    x = _pick(arrays, inputs, ("x",), path, "input")
    target = _pick(arrays, targets, TARGET_KEYS, path, "target") if targets else None
    return Dataset(x, target, path.name, _lengths(arrays, ragged, path))


def _lengths(arrays: Mapping[str, Array], ragged: Sequence[str], path: Path) -> Arrays | None:
    if not ragged:
        return None
    keys = [f"{name}_lengths" for name in ragged]
    if len(ragged) == 1:
        return _pick(arrays, keys, ("lengths",), path, "true lengths of rows")
    found = _pick(arrays, keys, (), path, "true lengths of rows")
    assert isinstance(found, Mapping)
    return {name: found[key] for name, key in zip(ragged, keys, strict=True)}


def _read(path: Path) -> dict[str, Array]:
    try:
        file = np.load(path, allow_pickle=False)
        arrays = {name: file[name] for name in file} if isinstance(file, Mapping) else None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or 'not a readable .npz file'}") from None
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile):
        raise DataError(
            f"{path}: not a readable .npz file of plain numeric arrays "
            "(object arrays are refused: they would have to be unpickled)"
        ) from None
    if arrays is None:
        raise DataError(f"{path}: this is a single array, not an .npz archive of named ones")
    for name, array in arrays.items():
        if array.dtype.kind not in "fiub" or not array.ndim:
            raise DataError(f"{path}: `{name}` must be an array of real numbers with a row axis")
    return arrays


def _pick(
    arrays: Mapping[str, Array],
    names: Sequence[str],
    others: Iterable[str],
    path: Path,
    what: str,
) -> Arrays:
    if len(names) == 1:
        for key in (names[0], *others):
            if key in arrays:
                return arrays[key]
    elif all(name in arrays for name in names):
        return {name: arrays[name] for name in names}
    missing = next(name for name in names if name not in arrays)
    found = ", ".join(f"`{name}`" for name in arrays) or "nothing"
    wanted = (
        " or ".join(f"`{key}`" for key in dict.fromkeys((missing, *others)))
        if len(names) == 1
        else f"`{missing}`"
    )
    raise DataError(f"{path}: no array for the {what} {wanted}; the file holds {found}")
