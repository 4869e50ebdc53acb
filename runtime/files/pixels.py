"""Conversion of arrays to PNG data URIs, for self-contained pages."""

from __future__ import annotations

import base64
import math
import struct
import zlib

import numpy as np

from ..module import Array

NEGATIVE, ZERO, POSITIVE = (33, 102, 172), (247, 247, 247), (178, 24, 43)
"""The colours of numbers below, at and above 0."""


def data_uri(image: Array) -> str:
    """Encode an image of bytes, (H, W) grey or (H, W, 3) colour, as `data:image/png;base64,…`."""
    return "data:image/png;base64," + base64.b64encode(_png(image)).decode("ascii")


def grey(image: Array) -> Array:
    """Scale numbers (H, W) or (H, W, 3) to bytes, the smallest dark and the largest light."""
    low, high = float(np.nanmin(image)), float(np.nanmax(image))
    shares = (image.astype(np.float64) - low) / ((high - low) or 1.0)
    return np.round(255 * np.nan_to_num(shares)).astype(np.uint8)


def signed(image: Array, largest: float) -> Array:
    """Colour numbers (H, W): blue below 0, red above, stronger the nearer to ±`largest`."""
    share = np.clip(np.nan_to_num(image.astype(np.float64)) / (largest or 1.0), -1, 1)[..., None]
    ends = np.where(share < 0, NEGATIVE, POSITIVE)
    colours: Array = np.round(ZERO + (ends - np.array(ZERO)) * np.abs(share)).astype(np.uint8)
    return colours


def _png(image: Array) -> bytes:
    height, width = image.shape[:2]
    kind = 2 if image.ndim == 3 else 0
    # Each row is preceded by its filter type: 0, none.
    rows = np.zeros((height, 1 + width * (3 if kind else 1)), np.uint8)
    rows[:, 1:] = image.reshape(height, -1)
    head = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data)
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", check)


def image_of(row: Array, *, flat: bool) -> Array | None:
    """Return a row of inputs as an image (H, W) or (H, W, 3); None where it is not an image.

    Images have one or three channels, on the first axis. `flat` says that flat rows are square
    images."""
    if row.ndim == 3 and len(row) in (1, 3):
        return row[0] if len(row) == 1 else row.transpose(1, 2, 0)
    side = math.isqrt(row.size)
    if flat and row.ndim == 1 and side >= 6 and side * side == row.size:
        return row.reshape(side, side)
    return None


def tiled(channels: Array) -> Array:
    """Lay the channels (C, H, W) of a filter side by side, with a column of zeros between them."""
    count, height, width = channels.shape
    image = np.zeros((height, count * (width + 1) - 1), channels.dtype)
    for i, channel in enumerate(channels):
        image[:, i * (width + 1) : i * (width + 1) + width] = channel
    return image
