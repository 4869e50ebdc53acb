"""Handwritten convolutions and pools, in loops over filters and positions, with or without mistakes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from .planted import Arrays, loss_end


@dataclass(frozen=True)
class Conv:
    """One convolution, with a tanh, and a max pool of 2 behind it if there is one."""

    kernel: int
    stride: int = 1
    pad: int = 0
    groups: int = 1
    pool: bool = False
    act: bool = True


def conv_forward(x, w, b, c: Conv):
    xp = np.pad(x, ((0, 0), (0, 0), (c.pad, c.pad), (c.pad, c.pad)))
    n = (xp.shape[2] - c.kernel) // c.stride + 1
    y = np.zeros((len(x), len(w), n, n))
    per, out = x.shape[1] // c.groups, len(w) // c.groups
    for f in range(len(w)):
        g = f // out
        for i in range(n):
            for j in range(n):
                r, s = i * c.stride, j * c.stride
                patch = xp[:, g * per : (g + 1) * per, r : r + c.kernel, s : s + c.kernel]
                y[:, f, i, j] = (patch * w[f]).sum(axis=(1, 2, 3)) + b[f]
    return y


def conv_backward(x, w, dz, c: Conv, at: int, wrong):
    """dx, dW, db, in loops over filters and positions."""
    has = lambda what: f"{what} {at}" in wrong  # noqa: E731
    k, p = c.kernel, c.pad
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros_like(xp), np.zeros_like(w)
    per, out = x.shape[1] // c.groups, len(w) // c.groups
    dzw = dz
    if has("conv-swapped-axes misread"):
        m, f, h, v = dz.shape
        dzw = dz.reshape(f, m, h, v).swapaxes(0, 1)
    last = {}
    for i in range(dz.shape[2]):
        for j in range(dz.shape[3]):
            step_w = 1 if has("conv-stride dW") else c.stride
            step_x = 1 if has("conv-stride dX") else c.stride
            window = np.zeros_like(xp)
            for f in range(len(w)):
                g = 0 if has("conv-groups dW") else f // out
                r, s = i * step_w, j * step_w
                patch = xp[:, g * per : (g + 1) * per, r : r + k, s : s + k]
                dw[f] += np.einsum("bchw,b->chw", patch, dzw[:, f, i, j])
                g = 0 if has("conv-groups dX") else f // out
                r, s = i * step_x, j * step_x
                kernel = w[f][:, ::-1, ::-1] if has("conv-flip dX") else w[f]
                window[:, g * per : (g + 1) * per, r : r + k, s : s + k] += (
                    dz[:, f, i, j, None, None, None] * kernel
                )
            if has("conv-overwrite"):
                last[r, s] = window[:, :, r : r + k, s : s + k]
            dxp += window
    for (r, s), window in last.items():
        dxp[:, :, r : r + k, s : s + k] = window
    dx, dw = ends(x, w, dz, c, at, dxp, dw, wrong)
    return dx, dw, dz.sum(axis=(0, 2, 3))


def ends(x, w, dz, c: Conv, at: int, dxp, dw, wrong):
    """dx without padding, and dW; or what is left of them."""
    has = lambda what: f"{what} {at}" in wrong  # noqa: E731
    if has("conv-first-sample"):
        dw = conv_backward(x[:1], w, dz[:1], c, at, ())[1]
    if has("conv-first-sample last"):
        dw = conv_backward(x[-1:], w, dz[-1:], c, at, ())[1]
    if has("conv-first-sample dX"):
        dxp[1:] = 0
    if has("conv-flip dW"):
        dw = dw[:, :, ::-1, ::-1]
    if has("conv-swapped-axes dW"):
        dw = dw.transpose(0, 1, 3, 2)
    n = x.shape[2]
    dx = dxp[:, :, c.pad : c.pad + n, c.pad : c.pad + n]
    return dx.swapaxes(2, 3) if has("conv-swapped-axes dX") else dx, dw


def pool_forward(x):
    n = x.shape[2] // 2
    return x[:, :, : 2 * n, : 2 * n].reshape(*x.shape[:2], n, 2, n, 2).max(axis=(3, 5))


def pool_backward(x, y, dy, wrong):
    dx = np.zeros_like(x)
    for b, c, i, j in np.ndindex(*y.shape):
        patch = x[b, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        here = dx[b, c, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        mask = patch == y[b, c, i, j]
        if "pool-ties" in wrong:
            here += mask * dy[b, c, i, j]
        elif "pool-ties shared" in wrong:
            here += mask * dy[b, c, i, j] / mask.sum()
        else:
            here[np.unravel_index(patch.argmax(), (2, 2))] += dy[b, c, i, j]
    return dx


def cnn(*convs: Conv) -> Callable[[Arrays, Collection[str]], Arrays]:
    def gradients(given: Arrays, wrong: Collection[str] = ()) -> Arrays:
        a, kept, found = given["x"], [], {}
        for at, c in enumerate(convs, 1):
            z = conv_forward(a, given[f"conv{at}.W"], given[f"conv{at}.b"], c)
            act = np.tanh(z) if c.act else z
            kept.append((a, act))
            a = pool_forward(act) if c.pool else act
        da = loss_end(given, "dense1", a.reshape(len(a), -1), found)
        if "conv-swapped-axes flatten" in wrong:
            da = da.reshape(len(a), *a.shape[2:], a.shape[1]).transpose(0, 3, 1, 2)
        da = da.reshape(a.shape)
        for at in range(len(convs), 0, -1):
            c, (x, act) = convs[at - 1], kept[at - 1]
            if c.pool:
                da = pool_backward(act, pool_forward(act), da, wrong)
            dz = da * (1 - act**2) if c.act else da
            da, dw, db = conv_backward(x, given[f"conv{at}.W"], dz, c, at, wrong)
            found |= {f"d_conv{at}.W": dw, f"d_conv{at}.b": db, f"d_conv{at}_z": dz}
        return found

    return gradients


def image(*shape: int, whole: bool = False):
    """Images; of whole numbers, such that several cells are the largest."""
    if whole:
        return lambda rng, rows: rng.integers(0, 2, (rows, *shape)) * 1.0
    return lambda rng, rows: rng.normal(size=(rows, *shape))
