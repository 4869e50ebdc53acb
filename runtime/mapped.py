"""Memory-mapped arrays, which are read from their files as needed and may be of any size.

The pages of a mapped file count as memory of this process from when they are read until they are
released. So code that iterates over such arrays releases them after some rows, and randomly picked
rows are read without the map."""

from __future__ import annotations

import math
import mmap
import os
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .module import Array, Arrays

RESIDENT = 2**26
"""Bytes of mapped files that may be in memory at a time."""

_checked: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


_files: weakref.WeakKeyDictionary[mmap.mmap, int] = weakref.WeakKeyDictionary()


def mapped(path: Path, dtype: np.dtype[Any], start: int, shape: tuple[int, ...]) -> Array:
    """Map the array that begins at byte `start` of a file."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    found = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    _files[found] = file
    weakref.finalize(found, os.close, file)
    return np.frombuffer(found, dtype, math.prod(shape), start).reshape(shape)


def map_of(array: Array) -> mmap.mmap | None:
    """Return the memory map that an array is a view of, or None."""
    base: object = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base if isinstance(base, mmap.mmap) else None


def take(array: Array, rows: Array) -> Array:
    """Return picked rows of an array, in memory.

    Rows of a mapped file are read one by one without the map: through it, one row may load two
    megabytes."""
    found = map_of(array)
    size = array.nbytes // max(1, len(array))
    direct = hasattr(os, "preadv") and array.flags.c_contiguous and size
    if found is None or found not in _files or not direct:
        return array[rows]
    numbers = (
        np.flatnonzero(rows) if rows.dtype == bool else np.where(rows < 0, rows + len(array), rows)
    )
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < len(array):
        raise IndexError(f"rows beyond the {len(array)} that there are")
    first = array.ctypes.data - np.frombuffer(found, np.uint8).ctypes.data
    picked = np.empty((len(numbers), *array.shape[1:]), array.dtype)
    room = picked.reshape(-1).view(np.uint8).data
    for i, row in enumerate(numbers.tolist()):
        read = os.preadv(_files[found], [room[i * size : (i + 1) * size]], first + row * size)
        if read != size:
            raise OSError("the file of the data became shorter while it was read")
    return picked


def plain(value: Arrays | None) -> Any:
    """Return arrays as plain ndarrays, without the overhead of memory-map views."""
    if isinstance(value, Mapping):
        return {name: np.asarray(array) for name, array in value.items()}
    return None if value is None else np.asarray(value)


def take_rows(value: Any, rows: Array) -> Any:
    """Return the picked rows of an array, or of each array of a dict, in memory."""
    if isinstance(value, dict):
        return {name: take_rows(array, rows) for name, array in value.items()}
    if value is None or map_of(value) is None:
        return value if value is None else value.take(rows, axis=0)
    return take(value, rows)


def give_back(array: Array) -> None:
    """Release the memory pages of an array; they are read again when they are needed."""
    found = map_of(array)
    if found is not None and hasattr(mmap, "MADV_DONTNEED"):
        found.madvise(mmap.MADV_DONTNEED)


def slices(array: Array) -> Iterator[slice]:
    """Yield slices of rows of bounded size, and release each; one slice for arrays in memory."""
    if map_of(array) is None:
        yield slice(0, len(array))
        return
    step = rows_at_once(array)
    for start in range(0, len(array), step):
        yield slice(start, start + step)
        give_back(array)


def rows_at_once(array: Array, most: int = 2**62) -> int:
    """Return how many adjacent rows to hold in memory at a time; `most` for arrays in memory."""
    if map_of(array) is None:
        return most
    return min(most, max(1, RESIDENT // max(1, array.nbytes // max(1, len(array)))))


def is_checked(array: Array) -> bool:
    """Return whether the whole file of an array was validated: large files are read only once."""
    return map_of(array) in _checked


def note_checked(array: Array) -> None:
    """Record that the whole file of an array is valid."""
    found = map_of(array)
    if found is not None:
        _checked.add(found)
