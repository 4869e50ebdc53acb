"""Reader of folders of IDX files, with the format and file names of MNIST, gzipped or plain."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np

from ..dataset import DataError, Dataset
from ..module import Array

_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx_folder(folder: Path) -> tuple[Dataset, Dataset | None]:
    """Return training and test images (float32 in 0…1, (n, height, width)) with labels (n,).

    Where the folder holds only one of the two sets, it is the training set, and the test set is
    None."""
    train, test = (_read_part(folder, part) for part in ("train", "t10k"))
    first = train or test
    if first is None:
        raise DataError(
            f"{folder}: no IDX files here; expected train-images-idx3-ubyte and "
            "train-labels-idx1-ubyte (or t10k-…), plain or .gz"
        )
    return first, test if train else None


def _read_part(folder: Path, part: str) -> Dataset | None:
    images = _find(folder, f"{part}-images", 3)
    if images is None:
        return None
    labels = _find(folder, f"{part}-labels", 1)
    if labels is None:
        raise DataError(f"{images}: the labels file {part}-labels-idx1-ubyte is missing beside it")
    pixels = read_idx(images)
    if pixels.ndim != 3 or pixels.dtype != np.uint8:
        raise DataError(
            f"{images}: expected bytes of (images, height, width), found {pixels.shape}"
        )
    ids = read_idx(labels)
    if ids.ndim != 1:
        raise DataError(f"{labels}: expected one label per image, found an array {ids.shape}")
    whole = ids.astype(np.int64) if ids.dtype.kind in "iu" else ids.astype(np.float64)
    return Dataset(pixels.astype(np.float32) / np.float32(255), whole, images.name)


def _find(folder: Path, stem: str, rank: int) -> Path | None:
    names = (f"{stem}-idx{rank}-ubyte", f"{stem}.idx{rank}-ubyte")
    paths = (folder / f"{name}{suffix}" for name in names for suffix in ("", ".gz"))
    return next((path for path in paths if path.is_file()), None)


def read_idx(path: Path) -> Array:
    """Read an IDX file as an array.

    The format: two zero bytes, a type byte, the number of axes, the sizes as big-endian 32-bit
    integers, then the elements with the last axis varying fastest."""
    raw = _bytes_of(path)
    if len(raw) < 4 or raw[:2] != b"\0\0" or raw[2] not in _TYPES:
        raise DataError(f"{path}: not an IDX file (its first bytes are {raw[:4].hex(' ')})")
    start = 4 + 4 * raw[3]
    if len(raw) < start:
        raise DataError(f"{path}: the file ends within its header")
    shape = struct.unpack(f">{raw[3]}I", raw[4:start])
    dtype = np.dtype(_TYPES[raw[2]])
    wanted = math.prod(shape) * dtype.itemsize
    if len(raw) - start != wanted:
        raise DataError(
            f"{path}: the header promises {'x'.join(map(str, shape))} elements, {wanted} bytes, "
            f"but {len(raw) - start} follow"
        )
    return np.frombuffer(raw, dtype, offset=start).reshape(shape)


def _bytes_of(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if path.suffix == ".gz" else raw
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise DataError(f"{path}: a damaged gzip file") from None
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
