"""Reader of .npy files and the files that belong to them; large ones are memory-mapped."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np
from numpy.lib import format as npy

from ..dataset import DataError
from ..mapped import mapped
from ..module import Array

MAPPED = 2**28
"""Bytes from which on a file is memory-mapped instead of read at once."""


def read_npy(path: Path) -> Array:
    """Read the array of a file without unpickling; the header is checked before any allocation."""
    try:
        with path.open("rb") as file:
            shape, fortran, dtype = read_header(file, str(path))
            start, size = file.tell(), path.stat().st_size
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    check_kind(dtype, shape, str(path))
    check_size(shape, dtype, size - start, str(path))
    if size - start >= MAPPED and not fortran:
        return mapped(path, dtype, start, shape)
    flat = np.fromfile(path, dtype, offset=start)
    return flat.reshape(shape, order="F" if fortran else "C")


def read_header(file: IO[bytes], what: str) -> tuple[tuple[int, ...], bool, np.dtype[np.generic]]:
    """Read shape, order and dtype from an open file, up to the array's first byte."""
    try:
        version = npy.read_magic(file)
        if version == (1, 0):
            return npy.read_array_header_1_0(file)
        if version == (2, 0):
            return npy.read_array_header_2_0(file)
    except ValueError as error:
        first = str(error).partition("\n")[0]
        raise DataError(f"{what}: not a readable .npy file: {first}") from None
    raise DataError(f"{what}: not a readable .npy file: version {version} is for named fields")


def check_kind(dtype: np.dtype[np.generic], shape: tuple[int, ...], what: str) -> None:
    """Refuse arrays that are not rows of real numbers."""
    if dtype.hasobject:
        raise DataError(
            f"{what}: not a readable file of plain numeric arrays "
            "(object arrays are refused: they would have to be unpickled)"
        )
    if dtype.kind not in "fiub" or not shape:
        raise DataError(f"{what} must be an array of real numbers with a row axis")


def check_size(shape: tuple[int, ...], dtype: np.dtype[np.generic], found: int, what: str) -> None:
    """Refuse a header whose size differs from the number of bytes that follow."""
    wanted = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or wanted != found:
        sizes = "x".join(map(str, shape))
        raise DataError(
            f"{what}: the header promises {sizes} elements, {wanted} bytes, but {found} follow"
        )


class NpyFiles(Mapping[str, Array]):
    """The .npy files of a folder by name without their common prefix, read on access."""

    def __init__(self, folder: Path, lead: str = "") -> None:
        found = sorted(folder.glob("*.npy"))
        self.paths = {p.stem[len(lead) :]: p for p in found if p.stem.startswith(lead)}

    def __getitem__(self, name: str) -> Array:
        return read_npy(self.paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)


def beside(path: Path, inputs: list[str]) -> NpyFiles:
    """Return the arrays that belong to a file: for `train_x.npy`, all that begin with `train_`.

    For a file that is not named after an input, its name is the prefix: `digits_y.npy` belongs to
    `digits.npy`, which is the input."""
    for name in (*inputs, "x"):
        if path.stem == name or path.stem.endswith(f"_{name}"):
            return NpyFiles(path.parent, path.stem[: len(path.stem) - len(name)])
    files = NpyFiles(path.parent, f"{path.stem}_")
    files.paths = {**files.paths, inputs[0]: path}
    return files
