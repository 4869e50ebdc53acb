"""W5 and W6: LeNet, and four wide convolutions with batch normalisation."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..workload import Array, Batch, Params, Product, Workload, aims, dense_products
from .by_hand import (
    conv,
    conv_dw,
    conv_dx,
    crossentropy,
    dense_back,
    normed,
    normed_dx,
    pool,
    pool_dx,
)

LENET = (
    "input 1x28x28 -> conv 6 5x5 relu -> maxpool 2 -> conv 16 5x5 relu -> maxpool 2 -> flatten"
    " -> dense 120 relu -> dense 84 relu -> dense 10 softmax\nloss crossentropy\n"
)
WIDE = (
    "input 64x16x16 -> (conv 64 3x3 pad=same bias=false -> batchnorm relu) * 4 -> global_avgpool"
    " -> dense 10 softmax\nloss crossentropy\n"
)


def conv_products(rows: int, fan_in: int, filters: int, data: bool = False) -> list[Product]:
    """Forward, dW and, unless it reads the data, dx of a convolution as products of columns."""
    return dense_products(rows, fan_in, filters, data=data)


def draw(rng: np.random.Generator, *, batch: int, shape: tuple[int, ...]) -> Batch:
    """Noise and class ids."""
    return rng.standard_normal((batch, *shape), dtype=np.float32), rng.integers(0, 10, batch)


def lenet_torch() -> Any:
    """nn.Sequential as in the tutorials."""
    from torch import nn

    return nn.Sequential(
        nn.Conv2d(1, 6, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(256, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, 10),
    )


def jax_conv(x: Any, w: Any, pad: str = "VALID") -> Any:
    """lax's convolution on channels first."""
    from jax import lax

    return lax.conv_general_dilated(x, w, (1, 1), pad, dimension_numbers=("NCHW", "OIHW", "NCHW"))


def lenet_jax(params: Any, x: Any) -> Any:
    """The same."""
    import jax
    from jax import lax

    for name in ("conv1", "conv2"):
        z = jax_conv(x, params[f"{name}.W"]) + params[f"{name}.b"][:, None, None]
        cell = (1, 1, 2, 2)
        x = lax.reduce_window(jax.nn.relu(z), -jax.numpy.inf, lax.max, cell, cell, "VALID")
    x = x.reshape(len(x), -1)
    x = jax.nn.relu(x @ params["dense1.W"] + params["dense1.b"])
    x = jax.nn.relu(x @ params["dense2.W"] + params["dense2.b"])
    return x @ params["dense3.W"] + params["dense3.b"]


def lenet_forward(p: Params, x: Array) -> tuple[Array, ...]:
    """Everything the backward pass needs; the logits last."""
    c1 = np.maximum(conv(x, p["conv1.W"]) + p["conv1.b"][:, None, None], 0)
    p1 = pool(c1)
    c2 = np.maximum(conv(p1, p["conv2.W"]) + p["conv2.b"][:, None, None], 0)
    p2 = pool(c2)
    f = p2.reshape(len(x), -1)
    d1 = np.maximum(f @ p["dense1.W"] + p["dense1.b"], 0)
    d2 = np.maximum(d1 @ p["dense2.W"] + p["dense2.b"], 0)
    return c1, p1, c2, p2, f, d1, d2, d2 @ p["dense3.W"] + p["dense3.b"]


def lenet_by_hand(p: Params, x: Array, target: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradients."""
    c1, p1, c2, p2, f, d1, d2, z = lenet_forward(p, x)
    loss, dz = crossentropy(z, target)
    g: dict[str, Array] = {}
    g["dense3.W"], g["dense3.b"] = dense_back(dz, d2)
    dz = (dz @ p["dense3.W"].T) * (d2 > 0)
    g["dense2.W"], g["dense2.b"] = dense_back(dz, d1)
    dz = (dz @ p["dense2.W"].T) * (d1 > 0)
    g["dense1.W"], g["dense1.b"] = dense_back(dz, f)
    dp2 = (dz @ p["dense1.W"].T).reshape(p2.shape)
    dz = pool_dx(dp2, c2, p2) * (c2 > 0)
    g["conv2.W"], g["conv2.b"] = conv_dw(dz, p1, 5), dz.sum(axis=(0, 2, 3))
    dz = pool_dx(conv_dx(dz, p["conv2.W"]), c1, p1) * (c1 > 0)
    g["conv1.W"], g["conv1.b"] = conv_dw(dz, x, 5), dz.sum(axis=(0, 2, 3))
    return loss, g


def wide_torch() -> Any:
    """Four times nn.Conv2d, nn.BatchNorm2d, nn.ReLU."""
    from torch import nn

    layers: list[Any] = []
    for _ in range(4):
        layers += [nn.Conv2d(64, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def wide_jax(params: Any, x: Any) -> Any:
    """The same, without the running statistics."""
    import jax

    values = list(params.values())
    for w, gamma, beta in zip(values[0:12:3], values[1:12:3], values[2:12:3], strict=True):
        z = jax_conv(x, w, "SAME")
        mean, var = z.mean((0, 2, 3), keepdims=True), z.var((0, 2, 3), keepdims=True)
        y = (z - mean) * jax.lax.rsqrt(var + 1e-5)
        x = jax.nn.relu(y * gamma[:, None, None] + beta[:, None, None])
    return x.mean((2, 3)) @ values[12] + values[13]


def wide_by_hand(params: Params, x: Array, target: Array) -> tuple[float, dict[str, Array]]:
    """Loss and gradients; the running statistics are left out."""
    names, values, axes = list(params), list(params.values()), (0, 2, 3)
    kept = []
    for at in range(0, 12, 3):
        w, gamma, beta = values[at : at + 3]
        y, scale = normed(conv(x, w, 1), axes)
        a = np.maximum(y * gamma[:, None, None] + beta[:, None, None], 0)
        kept.append((x, y, scale, a))
        x = a
    area = x.shape[2] * x.shape[3]
    mean = x.mean(axis=(2, 3))
    loss, dz = crossentropy(mean @ values[12] + values[13], target)
    g: dict[str, Array] = {}
    g[names[12]], g[names[13]] = dense_back(dz, mean)
    da = np.broadcast_to((dz @ values[12].T / area)[:, :, None, None], x.shape)
    for at in range(9, -1, -3):
        w, gamma, _ = values[at : at + 3]
        x, y, scale, a = kept[at // 3]
        dy = da * (a > 0)
        g[names[at + 1]], g[names[at + 2]] = (dy * y).sum(axis=axes), dy.sum(axis=axes)
        dc = normed_dx(dy * gamma[:, None, None], y, scale, axes)
        g[names[at]] = conv_dw(dc, x, 3, 1)
        if at:
            da = conv_dx(dc, w, 1)
    return loss, g


def lenet_products(batch: int) -> list[Product]:
    """As columns: 24x24 positions of 25 cells, 8x8 of 150, then the dense layers."""
    return [
        *conv_products(batch * 576, 25, 6, data=True),
        *conv_products(batch * 64, 150, 16),
        *dense_products(batch, 256, 120, 84, 10, data=False),
    ]


WORKLOADS = (
    Workload(
        name="W5",
        title="LeNet 1x28x28, batch 64",
        spec=LENET,
        draw=partial(draw, batch=64, shape=(1, 28, 28)),
        torch={"": lenet_torch},
        jax=lenet_jax,
        by_hand=lenet_by_hand,
        products=lenet_products(64),
        aims=aims(1.3, 0.8, 0.8),
    ),
    Workload(
        name="W6",
        title="4 x conv 64 3x3 batchnorm relu on 64x16x16, batch 32",
        spec=WIDE,
        draw=partial(draw, batch=32, shape=(64, 16, 16)),
        torch={"": wide_torch},
        jax=wide_jax,
        by_hand=wide_by_hand,
        products=[
            *conv_products(32 * 256, 576, 64, data=True),
            *3 * conv_products(32 * 256, 576, 64),
            *dense_products(32, 64, 10, data=False),
        ],
        aims=aims(1.8, 1.0, 1.3),
    ),
)
