"""Pieces of NumPy that several networks written by hand share: a forward and a backward each."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..workload import Array


def softmax(z: Array) -> Array:
    """Over the last axis."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def crossentropy(z: Array, target: Array) -> tuple[float, Array]:
    """Mean loss of logits and class ids, and its gradient by the logits."""
    rows, ids = z.reshape(-1, z.shape[-1]), target.reshape(-1)
    at = np.arange(len(rows))
    shifted = rows - rows.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    loss = (np.log(total[:, 0]) - shifted[at, ids]).mean()
    dz = e / total
    dz[at, ids] -= 1
    return float(loss), (dz / len(rows)).reshape(z.shape)


def sigmoid(z: Array) -> Array:
    """The logistic function."""
    return 1 / (1 + np.exp(-z))


def dense_back(dz: Array, x: Array) -> tuple[Array, Array]:
    """dW and db; every axis but the last counts rows."""
    dz, x = dz.reshape(-1, dz.shape[-1]), x.reshape(-1, x.shape[-1])
    return x.T @ dz, dz.sum(axis=0)


def windows(x: Array, size: int, pad: int = 0) -> Array:
    """(B, C, H', W', size, size) views of square neighbourhoods."""
    if pad:
        x = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))


def conv(x: Array, w: Array, pad: int = 0) -> Array:
    """(B, F, H', W'), without a bias."""
    z = np.tensordot(windows(x, w.shape[-1], pad), w, axes=([1, 4, 5], [1, 2, 3]))
    return z.transpose(0, 3, 1, 2)


def conv_dw(dz: Array, x: Array, size: int, pad: int = 0) -> Array:
    """(F, C, size, size)."""
    return np.tensordot(dz, windows(x, size, pad), axes=([0, 2, 3], [0, 2, 3]))


def conv_dx(dz: Array, w: Array, pad: int = 0) -> Array:
    """The gradient by x: a convolution with the turned kernel."""
    return conv(dz, w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3), w.shape[-1] - 1 - pad)


def pool(x: Array) -> Array:
    """Maxima of 2x2 cells."""
    return blocks(x).max(axis=(3, 5))


def pool_dx(dy: Array, x: Array, y: Array) -> Array:
    """To the cells that hold the maximum (after relu, ties are zeros and get nothing anyway)."""
    chosen = blocks(x) == y[:, :, :, None, :, None]
    return (chosen * dy[:, :, :, None, :, None]).reshape(x.shape)


def blocks(x: Array) -> Any:
    """(B, C, H/2, 2, W/2, 2)."""
    b, c, h, w = x.shape
    return x.reshape(b, c, h // 2, 2, w // 2, 2)


def normed(x: Array, axes: tuple[int, ...], eps: float = 1e-5) -> tuple[Array, Array]:
    """Mean 0 and variance 1 over the axes, and one over the deviation."""
    centred = x - x.mean(axis=axes, keepdims=True)
    scale = 1 / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + np.float32(eps))
    return centred * scale, scale


def normed_dx(dy: Array, y: Array, scale: Array, axes: tuple[int, ...]) -> Array:
    """The gradient of `normed` by x."""
    even = dy.mean(axis=axes, keepdims=True)
    return scale * (dy - even - y * (dy * y).mean(axis=axes, keepdims=True))
