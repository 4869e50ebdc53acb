"""Arrays that stay in their files and are read as they are needed, so that they may be of any size.

A file's pages count as this process's memory from when they are read until they are given back.
So whoever goes through such arrays gives them back after some rows, and rows picked at random are
read past the map.
"""

from __future__ import annotations

import math
import mmap
import os
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .module import Array

RESIDENT = 2**26
"""Bytes of files that may be in memory at a time."""

_checked: weakref.WeakSet[mmap.mmap] = weakref.WeakSet()


_files: weakref.WeakKeyDictionary[mmap.mmap, int] = weakref.WeakKeyDictionary()


def mapped(path: Path, dtype: np.dtype[Any], start: int, shape: tuple[int, ...]) -> Array:
    """The array that begins at a byte of a file, which stays there."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    found = mmap.mmap(file, 0, access=mmap.ACCESS_READ)
    _files[found] = file
    weakref.finalize(found, os.close, file)
    return np.frombuffer(found, dtype, math.prod(shape), start).reshape(shape)


def map_of(array: Array) -> mmap.mmap | None:
    """The map of the file that an array is a view of, if it is one."""
    base: object = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.base if isinstance(base, np.ndarray) else base.obj
    return base if isinstance(base, mmap.mmap) else None


def take(array: Array, rows: Array) -> Array:
    """Rows picked from an array, in memory.

    From a file they are read one by one, past its map: a row picked there may bring two megabytes
    with it.
    """
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


def give_back(array: Array) -> None:
    """Let the pages go that an array has in memory; they are read again when they are needed."""
    found = map_of(array)
    if found is not None and hasattr(mmap, "MADV_DONTNEED"):
        found.madvise(mmap.MADV_DONTNEED)


def slices(array: Array) -> Iterator[slice]:
    """The rows of an array in parts of a bounded size, given back after each; else all at once."""
    if map_of(array) is None:
        yield slice(0, len(array))
        return
    step = rows_at_once(array)
    for start in range(0, len(array), step):
        yield slice(start, start + step)
        give_back(array)


def rows_at_once(array: Array, most: int = 2**62) -> int:
    """How many neighbouring rows may be in memory at a time; of arrays in memory the most."""
    if map_of(array) is None:
        return most
    return min(most, max(1, RESIDENT // max(1, array.nbytes // max(1, len(array)))))


def is_checked(array: Array) -> bool:
    """Whether the whole file of an array was found to be good: large ones are read only once."""
    return map_of(array) in _checked


def note_checked(array: Array) -> None:
    """Note that the whole file of an array is good."""
    found = map_of(array)
    if found is not None:
        _checked.add(found)
