"""Ops of wrong convolutions: exchanged axes, no stride, other channels, `=` for `+=`."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from ..interpreter import VALUES, Array, mistake
from ..interpreter.windows import Window, put_back, under, window

Sizes = tuple[int, ...]


@mistake
def flipped(x: Array, *, axes: Sizes) -> Array:
    """x reversed along axes."""
    return np.flip(x, axes)


@mistake
def swapped(x: Array, *, axes: tuple[int, int]) -> Array:
    """x with two axes of equal size exchanged."""
    return x.swapaxes(*axes)


@mistake
def misread(x: Array, *, perm: Sizes) -> Array:
    """The entries of x in memory order, reinterpreted as if its axes had the order `perm`."""
    shape = [x.shape[k] for k in perm]
    return x.reshape(shape).transpose(np.argsort(perm))


def _unstrided(size: Sizes, positions: Sizes, w: Window) -> Window:
    """A window with stride 1 and as many positions; cells that it does not reach are excluded."""
    used = [n + (k - 1) * d for n, k, d in zip(positions, w.kernel, w.dilation, strict=True)]
    pad = tuple((p[0], u - n - p[0]) for p, u, n in zip(w.pad, used, size, strict=True))
    return replace(w, size=size, stride=(1,) * len(size), pad=pad)


def _cropped(x: Array, at: Window) -> tuple[Array, Window]:
    """x padded in front and cropped after the last window, and the window without padding."""
    padded = np.pad(x, [(0, 0), (0, 0), *((p[0], max(p[1], 0)) for p in at.pad)])
    reach = [n + sum(p) for n, p in zip(at.size, at.pad, strict=True)]
    inner: Any = (..., *(slice(0, n) for n in reach))
    return padded[inner], replace(at, size=tuple(reach), pad=((0, 0),) * len(reach))


@mistake
def conv_weights_without_stride(
    x: Array, y: Array, *, kernel: Sizes, stride: Sizes, pad: Any, dilation: Sizes, groups: int
) -> Array:
    """dW[f, c, u] = Σ y[f, i] · x[c, i + u − p], with stride 1."""
    w = window(x.shape[2:], kernel, stride, pad, dilation)
    part, at = _cropped(x, _unstrided(x.shape[2:], w.positions, w))
    ones = (1,) * len(kernel)
    rule = VALUES["conv_weights"]
    return np.asarray(
        rule(part, y, kernel=kernel, stride=ones, pad=at.pad, dilation=dilation, groups=groups)
    )


@mistake
def conv_transpose_without_stride(
    y: Array, w: Array, *, size: Sizes, stride: Sizes, pad: Any, dilation: Sizes, groups: int
) -> Array:
    """x[c, j] = Σ y[f, i] · W[f, c, u] over i + u − p = j."""
    at = window(size, w.shape[2:], stride, pad, dilation)
    _, at = _cropped(np.zeros((1, 1, *size)), _unstrided(size, at.positions, at))
    ones = (1,) * len(size)
    words = {"stride": ones, "pad": at.pad, "dilation": dilation, "groups": groups}
    reached = VALUES["conv_transpose"](y, w, size=at.size, **words)
    own = window(size, w.shape[2:], stride, pad, dilation).pad
    whole = np.zeros((*reached.shape[:2], *(n + sum(p) for n, p in zip(size, own, strict=True))))
    inner: Any = (..., *(slice(0, n) for n in reached.shape[2:]))
    whole[inner] = reached
    kept: Any = (..., *(slice(p[0], p[0] + n) for n, p in zip(size, own, strict=True)))
    return np.asarray(whole[kept])


@mistake
def conv_transpose_overwriting(
    y: Array, w: Array, *, size: Sizes, stride: Sizes, pad: Any, dilation: Sizes, groups: int
) -> Array:
    """The transposed convolution in which the last window overwrites a cell."""
    at = window(size, w.shape[2:], stride, pad, dilation)
    per_group = y.reshape(y.shape[0], groups, -1, prod(at.positions))
    kernels = w.reshape(groups, w.shape[0] // groups, w.shape[1], -1)
    columns = np.einsum("bgfp,gfck->bgckp", per_group, kernels, optimize=True)
    columns = columns.reshape(y.shape[0], -1, *columns.shape[3:])
    order = np.arange(1.0, prod(at.positions) + 1)
    cells = np.broadcast_to(order, (1, 1, prod(at.kernel), len(order)))
    last = _largest(cells, at)
    return put_back(columns * (under(last, at) == order), at)


def _largest(columns: Array, at: Window) -> Array:
    """For every cell of x the largest entry that is scattered to it."""
    padded = np.zeros((1, 1, *(n + sum(p) for n, p in zip(at.size, at.pad, strict=True))))
    for i, cell in enumerate(at.cells()):
        padded[cell] = np.maximum(padded[cell], columns[:, :, i].reshape(1, 1, *at.positions))
    inner: Any = (..., *(slice(p[0], p[0] + n) for n, p in zip(at.size, at.pad, strict=True)))
    return np.asarray(padded[inner])


@mistake
def first_group(x: Array, *, groups: int) -> Array:
    """The channels of the first group, repeated for every group."""
    return np.concatenate([x[:, : x.shape[1] // groups]] * groups, axis=1)


@mistake
def into_first_group(x: Array, *, groups: int) -> Array:
    """The sum of the channels over all groups, in the first group."""
    total = np.zeros_like(x)
    width = x.shape[1] // groups
    total[:, :width] = sum(np.split(x, groups, axis=1))
    return total


@mistake
def in_first_group(x: Array, *, groups: int) -> Array:
    """x with zeros outside of the first group's channels."""
    kept = np.zeros_like(x)
    kept[:, : x.shape[1] // groups] = x[:, : x.shape[1] // groups]
    return kept
