"""Ops of sliding windows: convolution, pooling, locally connected products.

All of them gather the cells of the window at every position, `under(x, w)`, as an array
(B, C, K, P) of K cells and P positions, or scatter such an array, `put_back`. With s the stride,
d the dilation and p the padding in front, cell u at position i is x[i·s + u·d − p].
"""

# NumPy has Any for what arithmetic on arrays of any kind gives.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from .registry import Array, value

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """A window over axes of the given sizes."""

    size: Sizes
    kernel: Sizes
    stride: Sizes
    pad: tuple[tuple[int, int], ...]
    dilation: Sizes

    @property
    def positions(self) -> Sizes:
        """The number of positions along each axis."""
        axes = zip(self.size, self.pad, self.kernel, self.dilation, self.stride, strict=True)
        return tuple((n + sum(p) - (k - 1) * d - 1) // s + 1 for n, p, k, d, s in axes)

    def cells(self) -> Iterator[tuple[Any, ...]]:
        """Yield for every cell of the window its index in the padded array at all positions."""
        for cell in np.ndindex(*self.kernel):
            axes = zip(cell, self.dilation, self.positions, self.stride, strict=True)
            yield (..., *(slice(u * d, u * d + (n - 1) * s + 1, s) for u, d, n, s in axes))


def window(size: Sizes, kernel: Sizes, stride: Sizes, pad: Any, dilation: Any = None) -> Window:
    """Return a window; `same` padding gives ⌈size / stride⌉ positions, an odd zero is at the end."""
    dilation = dilation or (1,) * len(size)
    if pad == "same":
        axes = zip(size, kernel, stride, dilation, strict=True)
        both = [max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0) for n, k, s, d in axes]
        pad = [(n // 2, n - n // 2) for n in both]
    return Window(size, kernel, stride, tuple(map(tuple, pad)), dilation)


def under(x: Array, w: Window, fill: float = 0.0) -> Array:
    """Gather the cells of the window: (B, C, K, P)."""
    padded = np.pad(x, [(0, 0), (0, 0), *w.pad], constant_values=fill)
    return np.stack([padded[cell].reshape(*x.shape[:2], -1) for cell in w.cells()], axis=2)


def put_back(columns: Array, w: Window) -> Array:
    """Scatter: add every entry to its cell of x; entries on padding are dropped."""
    head = columns.shape[:2]
    padded = np.zeros((*head, *(n + sum(p) for n, p in zip(w.size, w.pad, strict=True))))
    for i, cell in enumerate(w.cells()):
        padded[cell] += columns[:, :, i].reshape(*head, *w.positions)
    own = [slice(p[0], p[0] + n) for n, p in zip(w.size, w.pad, strict=True)]
    inner: Any = (..., *own)
    return padded[inner]


def _grouped(x: Array, groups: int) -> Array:
    """Reshape (B, C, …) to (B, groups, C/groups, …)."""
    return x.reshape(x.shape[0], groups, -1, *x.shape[2:])


def _kernels(w: Array, groups: int) -> Array:
    """Reshape (F, C/groups, kernel…) to (groups, F/groups, C/groups, K)."""
    return w.reshape(groups, w.shape[0] // groups, w.shape[1], -1)


@value
def conv(x: Array, w: Array, *, stride: Sizes, pad: Any, dilation: Sizes, groups: int) -> Array:
    """y[f, i] = Σ x[c, i·s + u·d − p] · W[f, c, u] over c and u."""
    at = window(x.shape[2:], w.shape[2:], stride, pad, dilation)
    columns, kernels = _grouped(under(x, at), groups), _kernels(w, groups)
    y = np.einsum("bgckp,gfck->bgfp", columns, kernels, optimize=True)
    return y.reshape(x.shape[0], w.shape[0], *at.positions)


@value
def conv_transpose(
    y: Array, w: Array, *, size: Sizes, stride: Sizes, pad: Any, dilation: Sizes, groups: int
) -> Array:
    """x[c, j] = Σ y[f, i] · W[f, c, u] over f and i·s + u·d − p = j."""
    at = window(size, w.shape[2:], stride, pad, dilation)
    flat = _grouped(y.reshape(*y.shape[:2], -1), groups)
    columns = np.einsum("bgfp,gfck->bgckp", flat, _kernels(w, groups), optimize=True)
    return put_back(columns.reshape(y.shape[0], -1, *columns.shape[3:]), at)


@value
def conv_weights(
    x: Array,
    y: Array,
    *,
    kernel: Sizes,
    stride: Sizes,
    pad: Any,
    dilation: Sizes,
    groups: int,
) -> Array:
    """dW[f, c, u] = Σ y[f, i] · x[c, i·s + u·d − p] over the batch and i."""
    columns = _grouped(under(x, window(x.shape[2:], kernel, stride, pad, dilation)), groups)
    flat = _grouped(y.reshape(*y.shape[:2], -1), groups)
    dw = np.einsum("bgfp,bgckp->gfck", flat, columns, optimize=True)
    return dw.reshape(y.shape[1], x.shape[1] // groups, *kernel)


# --- pooling ------------------------------------------------------------------------------


@value
def max_pool(x: Array, *, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """The largest cell of the window, padding excluded."""
    at = window(x.shape[2:], kernel, stride, pad)
    return under(x, at, -np.inf).max(axis=2).reshape(*x.shape[:2], *at.positions)


@value
def max_pool_dx(dy: Array, x: Array, y: Array, *, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """dy at the first of the largest cells of each window."""
    at = window(x.shape[2:], kernel, stride, pad)
    columns = under(x, at, -np.inf)
    first = columns.argmax(axis=2)[:, :, None] == np.arange(columns.shape[2])[:, None]
    return put_back(first * dy.reshape(*dy.shape[:2], 1, -1), at)


@value
def avg_pool(x: Array, *, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """The mean of the window, with padding counted as zeros."""
    at = window(x.shape[2:], kernel, stride, pad)
    return under(x, at).mean(axis=2).reshape(*x.shape[:2], *at.positions)


@value
def avg_pool_dx(dy: Array, *, size: Sizes, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """An equal share of dy for every cell of the window."""
    share = dy.reshape(*dy.shape[:2], 1, -1) / prod(kernel)
    return put_back(share.repeat(prod(kernel), axis=2), window(size, kernel, stride, pad))


@value
def weighted_pool(x: Array, w: Array, *, stride: Sizes, pad: Any) -> Array:
    """y[i] = Σ x[i·s + u − p] · w[u] over u, for every channel."""
    at = window(x.shape[2:], w.shape, stride, pad)
    y = np.einsum("bckp,k->bcp", under(x, at), w.ravel())
    return y.reshape(*x.shape[:2], *at.positions)


@value
def weighted_pool_dx(dy: Array, w: Array, *, size: Sizes, stride: Sizes, pad: Any) -> Array:
    """dx[j] = Σ dy[i] · w[u] over i·s + u − p = j."""
    columns = np.einsum("bcp,k->bckp", dy.reshape(*dy.shape[:2], -1), w.ravel())
    return put_back(columns, window(size, w.shape, stride, pad))


@value
def weighted_pool_dw(dy: Array, x: Array, *, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """dw[u] = Σ dy[i] · x[i·s + u − p]."""
    columns = under(x, window(x.shape[2:], kernel, stride, pad))
    return np.einsum("bcp,bckp->k", dy.reshape(*dy.shape[:2], -1), columns).reshape(kernel)


@value
def global_max(x: Array) -> Array:
    """The largest entry along the last axis."""
    return x.max(axis=-1)


@value
def global_max_dx(dy: Array, x: Array) -> Array:
    """dy at the first of the largest entries."""
    return dy[..., None] * (x.argmax(axis=-1)[..., None] == np.arange(x.shape[-1]))


# --- separate weights at every position ---------------------------------------------------


def _rows(x: Array, at: Window) -> Array:
    """The cells of the window, those of all channels in one row: (B, C·K, P)."""
    return under(x, at).reshape(x.shape[0], -1, prod(at.positions))


@value
def local(x: Array, w: Array, *, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """y[f, i] = Σ x[c, i·s + u − p] · W[i, (c, u), f] over c and u."""
    at = window(x.shape[2:], kernel, stride, pad)
    weights = w.reshape(-1, *w.shape[-2:])
    y = np.einsum("brp,prf->bfp", _rows(x, at), weights, optimize=True)
    return y.reshape(x.shape[0], w.shape[-1], *at.positions)


@value
def local_dx(dy: Array, w: Array, *, size: Sizes, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """dx[c, j] = Σ dy[f, i] · W[i, (c, u), f] over f and i·s + u − p = j."""
    flat, weights = dy.reshape(*dy.shape[:2], -1), w.reshape(-1, *w.shape[-2:])
    rows = np.einsum("bfp,prf->brp", flat, weights, optimize=True)
    columns = rows.reshape(dy.shape[0], -1, prod(kernel), rows.shape[-1])
    return put_back(columns, window(size, kernel, stride, pad))


@value
def local_dw(dy: Array, x: Array, *, kernel: Sizes, stride: Sizes, pad: Any) -> Array:
    """dW[i, (c, u), f] = Σ dy[f, i] · x[c, i·s + u − p] over the batch."""
    at = window(x.shape[2:], kernel, stride, pad)
    flat = dy.reshape(*dy.shape[:2], -1)
    dw = np.einsum("bfp,brp->prf", flat, _rows(x, at), optimize=True)
    return dw.reshape(*at.positions, *dw.shape[1:])
