"""residual_mlp: a neural network in plain NumPy, written by nnc 0.1.0 from residual_mlp.nn.

    # Fourteen layers in a plain chain reach 70 to 95 % on the digits in ten epochs; with a path around each pair
    # the gradient finds its way back: 97 to 98 %. Branches start small, so the stack starts as the identity.
    let width = 32
    block residual(n) = [id, dense n relu -> dense n init=normal(0.05)] -> add relu
    input 64 -> dense width relu -> residual(width) * 6 -> dense 10 softmax
    loss crossentropy smoothing=0.05
    optimizer sgd lr=0.02 momentum=0.9 weight_decay=1e-4

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    rng = np.random.default_rng(0)
    B = 5
    x = rng.standard_normal((B, 64))
    target = rng.integers(0, 10, (B,))

    params = init_params(seed=0)
    opt = init_optimizer(params)
    loss_before = train_step(params, x, target, opt)
    y = predict(params, x)

Every array has a row for each example first: B rows make a batch.
Compiled at -O1: every value has a planned array, written over where it is no longer needed;
`nnc compile -O0` gives the same functions as plain formulas.
Run as a program with `--check`, this file compares every gradient with finite differences.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import time
import zipfile
import zlib
from collections.abc import Iterable
from operator import is_
from typing import Any

import numpy as np

NNC_VERSION = "0.1.0"
CONTRACT = 1
SPEC = "# Fourteen layers in a plain chain reach 70 to 95 % on the digits in ten epochs; with a path around each pair\n# the gradient finds its way back: 97 to 98 %. Branches start small, so the stack starts as the identity.\nlet width = 32\nblock residual(n) = [id, dense n relu -> dense n init=normal(0.05)] -> add relu\ninput 64 -> dense width relu -> residual(width) * 6 -> dense 10 softmax\nloss crossentropy smoothing=0.05\noptimizer sgd lr=0.02 momentum=0.9 weight_decay=1e-4\n"
SPEC_SHA256 = "55b78b42e6f092ff2e08555a74c77ed27bfe57344d35fab7b5c4372214f7cfd7"

DTYPE = np.dtype("float32")
INPUTS: dict[str, tuple[Any, ...]] = {"x": ("B", 64)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"y": ("B", 10)}
TARGETS: dict[str, tuple[Any, ...]] = {"target": ("B", 10)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "dense1.W": (64, 32),
    "dense1.b": (32,),
    "residual1.dense1.W": (32, 32),
    "residual1.dense1.b": (32,),
    "residual1.dense2.W": (32, 32),
    "residual1.dense2.b": (32,),
    "residual2.dense1.W": (32, 32),
    "residual2.dense1.b": (32,),
    "residual2.dense2.W": (32, 32),
    "residual2.dense2.b": (32,),
    "residual3.dense1.W": (32, 32),
    "residual3.dense1.b": (32,),
    "residual3.dense2.W": (32, 32),
    "residual3.dense2.b": (32,),
    "residual4.dense1.W": (32, 32),
    "residual4.dense1.b": (32,),
    "residual4.dense2.W": (32, 32),
    "residual4.dense2.b": (32,),
    "residual5.dense1.W": (32, 32),
    "residual5.dense1.b": (32,),
    "residual5.dense2.W": (32, 32),
    "residual5.dense2.b": (32,),
    "residual6.dense1.W": (32, 32),
    "residual6.dense1.b": (32,),
    "residual6.dense2.W": (32, 32),
    "residual6.dense2.b": (32,),
    "dense2.W": (32, 10),
    "dense2.b": (10,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
BY_COLUMNS = {"dense2.W"}  # how they lie in memory; the others by rows
NUM_PARAMS = 15082
LOSSES: dict[str, str] = {"crossentropy": "crossentropy"}
TRAIN: dict[str, Any] = {
    "optimizer": "sgd",
    "lr": 0.02,
    "momentum": 0.9,
    "nesterov": False,
    "weight_decay": 0.0001,
    "dampening": 0.0,
}
METRICS: tuple[str, ...] = ()

# Numbers that steps use often, as arrays: a plain number is converted anew at every call.
ZERO, ONE, TINY = np.zeros((), DTYPE), np.ones((), DTYPE), np.full((), 1e-25, DTYPE)
LOWEST = np.full((), np.finfo(DTYPE).min, DTYPE)

Array = np.ndarray[Any, np.dtype[Any]]
Params = dict[str, Array]

# What is too large for DTYPE becomes infinite, as IEEE 754 says; NumPy need not warn of it.
quiet = np.errstate(all="ignore")


# --- parameters ---------------------------------------------------------------------------


def init_params(seed: int = 0) -> Params:
    """Fresh parameters. Every array draws from a stream of its own, given by seed and name."""
    return flat_views(
        {
            "dense1.W": (
                stream(seed, "dense1.W").standard_normal((64, 32)) * np.sqrt(2 / 64)
            ).astype(DTYPE),
            "dense1.b": np.zeros((32,), DTYPE),
            "residual1.dense1.W": (
                stream(seed, "residual1.dense1.W").standard_normal((32, 32)) * np.sqrt(2 / 32)
            ).astype(DTYPE),
            "residual1.dense1.b": np.zeros((32,), DTYPE),
            "residual1.dense2.W": (
                stream(seed, "residual1.dense2.W").standard_normal((32, 32)) * 0.05
            ).astype(DTYPE),
            "residual1.dense2.b": np.zeros((32,), DTYPE),
            "residual2.dense1.W": (
                stream(seed, "residual2.dense1.W").standard_normal((32, 32)) * np.sqrt(2 / 32)
            ).astype(DTYPE),
            "residual2.dense1.b": np.zeros((32,), DTYPE),
            "residual2.dense2.W": (
                stream(seed, "residual2.dense2.W").standard_normal((32, 32)) * 0.05
            ).astype(DTYPE),
            "residual2.dense2.b": np.zeros((32,), DTYPE),
            "residual3.dense1.W": (
                stream(seed, "residual3.dense1.W").standard_normal((32, 32)) * np.sqrt(2 / 32)
            ).astype(DTYPE),
            "residual3.dense1.b": np.zeros((32,), DTYPE),
            "residual3.dense2.W": (
                stream(seed, "residual3.dense2.W").standard_normal((32, 32)) * 0.05
            ).astype(DTYPE),
            "residual3.dense2.b": np.zeros((32,), DTYPE),
            "residual4.dense1.W": (
                stream(seed, "residual4.dense1.W").standard_normal((32, 32)) * np.sqrt(2 / 32)
            ).astype(DTYPE),
            "residual4.dense1.b": np.zeros((32,), DTYPE),
            "residual4.dense2.W": (
                stream(seed, "residual4.dense2.W").standard_normal((32, 32)) * 0.05
            ).astype(DTYPE),
            "residual4.dense2.b": np.zeros((32,), DTYPE),
            "residual5.dense1.W": (
                stream(seed, "residual5.dense1.W").standard_normal((32, 32)) * np.sqrt(2 / 32)
            ).astype(DTYPE),
            "residual5.dense1.b": np.zeros((32,), DTYPE),
            "residual5.dense2.W": (
                stream(seed, "residual5.dense2.W").standard_normal((32, 32)) * 0.05
            ).astype(DTYPE),
            "residual5.dense2.b": np.zeros((32,), DTYPE),
            "residual6.dense1.W": (
                stream(seed, "residual6.dense1.W").standard_normal((32, 32)) * np.sqrt(2 / 32)
            ).astype(DTYPE),
            "residual6.dense1.b": np.zeros((32,), DTYPE),
            "residual6.dense2.W": (
                stream(seed, "residual6.dense2.W").standard_normal((32, 32)) * 0.05
            ).astype(DTYPE),
            "residual6.dense2.b": np.zeros((32,), DTYPE),
            "dense2.W": (
                stream(seed, "dense2.W").uniform(-1, 1, (32, 10)) * np.sqrt(6 / (32 + 10))
            ).astype(DTYPE),
            "dense2.b": np.zeros((10,), DTYPE),
        }
    )[1]


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: other parameters do not shift them."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


class Views(dict[str, Array]):
    """Arrays by parameter name that are views of one flat array, as long as none is replaced."""

    flat: Array
    made: list[Array]

    def intact(self) -> bool:
        """Whether these still are the views that were made, and not copies."""
        kept = len(self) == len(self.made) and all(map(is_, self.values(), self.made))
        return kept and all(array.base is self.flat for array in self.made)


def views_of(flat: Array) -> Views:
    """The parameters (or gradients) as views of a flat array, in the order of PARAM_SHAPES.

    Where the transpose costs its products most, a matrix lies by columns.
    """
    views, start = Views(), 0
    for name, shape in PARAM_SHAPES.items():
        stop = start + int(np.prod(shape))
        part = flat[start:stop]
        views[name] = part.reshape(shape[::-1]).T if name in BY_COLUMNS else part.reshape(shape)
        start = stop
    views.flat, views.made = flat, list(views.values())
    return views


def flat_views(arrays: Params) -> tuple[Array, Params]:
    """All entries in one flat array, and a dict of views of it: one call then updates them all."""
    flat = np.empty(NUM_PARAMS, DTYPE)
    views = views_of(flat)
    for name, view in views.items():
        view[...] = arrays[name]
    return flat, views


# --- functions ----------------------------------------------------------------------------


def softmax(z: Array) -> Array:
    """exp(z) over its sum in each row; the row's maximum is taken away first, so exp cannot overflow."""
    e = np.subtract(z, np.maximum.reduce(z, axis=-1, keepdims=True))
    np.exp(e, out=e)
    e /= np.add.reduce(e, axis=-1, keepdims=True)
    return e


# --- forward, loss, backward: the arithmetic ----------------------------------------------


class Cache:
    """The values that forward keeps for loss and backward, and buffers, for one batch size."""

    x: Array
    crossentropy_scale: Array

    def __init__(self, B: int) -> None:
        self.B = B
        self.dense1 = np.empty((B, 32), DTYPE)  # dense1_z, then dense1
        self.residual1_dense1 = np.empty(
            (B, 32), DTYPE
        )  # residual1_dense1_z, then residual1_dense1
        self.residual1_add1 = np.empty(
            (B, 32), DTYPE
        )  # residual1_dense2, then residual1_add1_z, then residual1_add1
        self.residual2_dense1 = np.empty(
            (B, 32), DTYPE
        )  # residual2_dense1_z, then residual2_dense1
        self.residual2_add1 = np.empty(
            (B, 32), DTYPE
        )  # residual2_dense2, then residual2_add1_z, then residual2_add1
        self.residual3_dense1 = np.empty(
            (B, 32), DTYPE
        )  # residual3_dense1_z, then residual3_dense1
        self.residual3_add1 = np.empty(
            (B, 32), DTYPE
        )  # residual3_dense2, then residual3_add1_z, then residual3_add1
        self.residual4_dense1 = np.empty(
            (B, 32), DTYPE
        )  # residual4_dense1_z, then residual4_dense1
        self.residual4_add1 = np.empty(
            (B, 32), DTYPE
        )  # residual4_dense2, then residual4_add1_z, then residual4_add1
        self.residual5_dense1 = np.empty(
            (B, 32), DTYPE
        )  # residual5_dense1_z, then residual5_dense1
        self.residual5_add1 = np.empty(
            (B, 32), DTYPE
        )  # residual5_dense2, then residual5_add1_z, then residual5_add1
        self.residual6_dense1 = np.empty(
            (B, 32), DTYPE
        )  # residual6_dense1_z, then residual6_dense1
        self.residual6_add1 = np.empty(
            (B, 32), DTYPE
        )  # residual6_dense2, then residual6_add1_z, then residual6_add1
        self.dense2_z_shifted = np.empty((B, 10), DTYPE)  # dense2_z, then dense2_z_shifted
        self.work1 = np.empty((B, 1), DTYPE)  # dense2_z_max
        self.y = np.empty((B, 10), DTYPE)  # dense2_z_exp, then y
        self.dense2_z_sum = np.empty((B, 1), DTYPE)  # dense2_z_sum
        self.work2 = np.empty((B, 10), DTYPE)  # d_dense2_z
        self.work3 = np.empty((B, 10), DTYPE)
        self.work4 = np.empty(
            (B, 32), DTYPE
        )  # d_residual6_add1, then d_residual6_add1_z, then d_residual5_add1, then d_residual5_add1_z, then d_residual4_add1, then d_residual4_add1_z, then d_residual3_add1, then d_residual3_add1_z, then d_residual2_add1, then d_residual2_add1_z, then d_residual1_add1, then d_residual1_add1_z, then d_dense1, then d_dense1_z
        self.work5 = np.empty((B, 32), bool)
        self.work6 = np.empty(
            (B, 32), DTYPE
        )  # d_residual6_dense1, then d_residual6_dense1_z, then d_residual5_dense1, then d_residual5_dense1_z, then d_residual4_dense1, then d_residual4_dense1_z, then d_residual3_dense1, then d_residual3_dense1_z, then d_residual2_dense1, then d_residual2_dense1_z, then d_residual1_dense1, then d_residual1_dense1_z
        self.work7 = np.empty((B, 32), DTYPE)
        self.ones_10 = np.ones((10, 1), DTYPE)  # for sums over an axis, as products
        self.ones_B = np.ones((B,), DTYPE)  # for sums over an axis, as products
        self.target = np.empty((B, 10), DTYPE)  # class ids as one-hot rows


def _forward(params: Params, x: Array, c: Cache) -> Any:
    """y (B, 10) from x (B, 64); what backward needs stays in c.

    `out=` names the array that a value is written to; an operand's own array is written over
    where nothing needs the operand any more.
    """
    # residual_mlp.nn:5  dense width relu
    dense1_z = x.dot(params["dense1.W"], out=c.dense1)  # (B, 32)
    dense1_z += params["dense1.b"]  # (B, 32)  z = x W + b
    dense1 = np.maximum(dense1_z, ZERO, out=dense1_z)  # (B, 32)  a = max(z, 0)

    # residual_mlp.nn:4  dense n relu  (residual1.dense1)
    # (B, 32)
    residual1_dense1_z = dense1.dot(params["residual1.dense1.W"], out=c.residual1_dense1)
    residual1_dense1_z += params["residual1.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual1_dense1 = np.maximum(residual1_dense1_z, ZERO, out=residual1_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual1.dense2)
    # (B, 32)
    residual1_dense2 = residual1_dense1.dot(params["residual1.dense2.W"], out=c.residual1_add1)
    residual1_dense2 += params["residual1.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual1.add1)
    # (B, 32)  y = Σ branches
    residual1_add1_z = np.add(dense1, residual1_dense2, out=residual1_dense2)
    # (B, 32)  a = max(z, 0)
    residual1_add1 = np.maximum(residual1_add1_z, ZERO, out=residual1_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual2.dense1)
    # (B, 32)
    residual2_dense1_z = residual1_add1.dot(params["residual2.dense1.W"], out=c.residual2_dense1)
    residual2_dense1_z += params["residual2.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual2_dense1 = np.maximum(residual2_dense1_z, ZERO, out=residual2_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual2.dense2)
    # (B, 32)
    residual2_dense2 = residual2_dense1.dot(params["residual2.dense2.W"], out=c.residual2_add1)
    residual2_dense2 += params["residual2.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual2.add1)
    # (B, 32)  y = Σ branches
    residual2_add1_z = np.add(residual1_add1, residual2_dense2, out=residual2_dense2)
    # (B, 32)  a = max(z, 0)
    residual2_add1 = np.maximum(residual2_add1_z, ZERO, out=residual2_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual3.dense1)
    # (B, 32)
    residual3_dense1_z = residual2_add1.dot(params["residual3.dense1.W"], out=c.residual3_dense1)
    residual3_dense1_z += params["residual3.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual3_dense1 = np.maximum(residual3_dense1_z, ZERO, out=residual3_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual3.dense2)
    # (B, 32)
    residual3_dense2 = residual3_dense1.dot(params["residual3.dense2.W"], out=c.residual3_add1)
    residual3_dense2 += params["residual3.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual3.add1)
    # (B, 32)  y = Σ branches
    residual3_add1_z = np.add(residual2_add1, residual3_dense2, out=residual3_dense2)
    # (B, 32)  a = max(z, 0)
    residual3_add1 = np.maximum(residual3_add1_z, ZERO, out=residual3_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual4.dense1)
    # (B, 32)
    residual4_dense1_z = residual3_add1.dot(params["residual4.dense1.W"], out=c.residual4_dense1)
    residual4_dense1_z += params["residual4.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual4_dense1 = np.maximum(residual4_dense1_z, ZERO, out=residual4_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual4.dense2)
    # (B, 32)
    residual4_dense2 = residual4_dense1.dot(params["residual4.dense2.W"], out=c.residual4_add1)
    residual4_dense2 += params["residual4.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual4.add1)
    # (B, 32)  y = Σ branches
    residual4_add1_z = np.add(residual3_add1, residual4_dense2, out=residual4_dense2)
    # (B, 32)  a = max(z, 0)
    residual4_add1 = np.maximum(residual4_add1_z, ZERO, out=residual4_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual5.dense1)
    # (B, 32)
    residual5_dense1_z = residual4_add1.dot(params["residual5.dense1.W"], out=c.residual5_dense1)
    residual5_dense1_z += params["residual5.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual5_dense1 = np.maximum(residual5_dense1_z, ZERO, out=residual5_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual5.dense2)
    # (B, 32)
    residual5_dense2 = residual5_dense1.dot(params["residual5.dense2.W"], out=c.residual5_add1)
    residual5_dense2 += params["residual5.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual5.add1)
    # (B, 32)  y = Σ branches
    residual5_add1_z = np.add(residual4_add1, residual5_dense2, out=residual5_dense2)
    # (B, 32)  a = max(z, 0)
    residual5_add1 = np.maximum(residual5_add1_z, ZERO, out=residual5_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual6.dense1)
    # (B, 32)
    residual6_dense1_z = residual5_add1.dot(params["residual6.dense1.W"], out=c.residual6_dense1)
    residual6_dense1_z += params["residual6.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual6_dense1 = np.maximum(residual6_dense1_z, ZERO, out=residual6_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual6.dense2)
    # (B, 32)
    residual6_dense2 = residual6_dense1.dot(params["residual6.dense2.W"], out=c.residual6_add1)
    residual6_dense2 += params["residual6.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual6.add1)
    # (B, 32)  y = Σ branches
    residual6_add1_z = np.add(residual5_add1, residual6_dense2, out=residual6_dense2)
    # (B, 32)  a = max(z, 0)
    residual6_add1 = np.maximum(residual6_add1_z, ZERO, out=residual6_add1_z)

    # residual_mlp.nn:5  dense 10 softmax
    dense2_z = residual6_add1.dot(params["dense2.W"], out=c.dense2_z_shifted)  # (B, 10)
    dense2_z += params["dense2.b"]  # (B, 10)  z = x W + b
    # softmax step by step: loss and backward use its steps again
    dense2_z_max = np.maximum.reduce(dense2_z, axis=1, keepdims=True, out=c.work1)  # (B, 1)
    # (B, 10)  u = z − max z, so that exp cannot overflow
    dense2_z_shifted = np.subtract(dense2_z, dense2_z_max, out=dense2_z)
    dense2_z_exp = np.exp(dense2_z_shifted, out=c.y)  # (B, 10)  e = exp(u)
    # sums over an axis as products with ones: one call of the matrix library
    # (B, 1)  s = Σ e over the classes
    dense2_z_sum = dense2_z_exp.dot(c.ones_10, out=c.dense2_z_sum)
    y = np.divide(dense2_z_exp, dense2_z_sum, out=dense2_z_exp)  # (B, 10)  a = exp(z) / Σ exp(z)

    # residual_mlp.nn:6  loss crossentropy smoothing=0.05
    crossentropy_scale = 0.05 / 10
    c.x, c.crossentropy_scale = x, crossentropy_scale
    return y


def _losses(params: Params, c: Cache, target: Array) -> dict[str, float]:
    """The parts of the loss by name: crossentropy, L = −Σ t·log softmax(z), mean over the rows."""
    dense2_z_shifted, dense2_z_sum, crossentropy_scale = (
        c.dense2_z_shifted,
        c.dense2_z_sum,
        c.crossentropy_scale,
    )
    B = c.B
    # residual_mlp.nn:6  loss crossentropy smoothing=0.05
    work2 = np.multiply(target, 0.95, out=c.work2)  # (B, 10)
    work2 += crossentropy_scale  # (B, 10)
    work1 = np.log(dense2_z_sum, out=c.work1)  # (B, 1)
    work3 = np.maximum(dense2_z_shifted, LOWEST, out=c.work3)  # (B, 10)
    # the sum of all products as one dot product
    # L = −Σ t·log softmax(z), mean over the rows
    crossentropy_loss = (np.add.reduce(work1, axis=None) - np.vdot(work2, work3)) / B
    return {"crossentropy": float(crossentropy_loss)}


def _backward(params: Params, c: Cache, target: Array, grads: Params) -> None:
    """The gradient of the loss by every parameter, written into grads; d_NAME is dL/dNAME.

    The gradient of a matrix that lies by columns is written transposed: dWᵀ = dzᵀ x.
    """
    x = c.x
    dense1 = c.dense1
    residual1_dense1 = c.residual1_dense1
    residual1_add1 = c.residual1_add1
    residual2_dense1 = c.residual2_dense1
    residual2_add1 = c.residual2_add1
    residual3_dense1 = c.residual3_dense1
    residual3_add1 = c.residual3_add1
    residual4_dense1 = c.residual4_dense1
    residual4_add1 = c.residual4_add1
    residual5_dense1 = c.residual5_dense1
    residual5_add1 = c.residual5_add1
    residual6_dense1 = c.residual6_dense1
    residual6_add1 = c.residual6_add1
    y = c.y
    crossentropy_scale = c.crossentropy_scale
    B = c.B
    # residual_mlp.nn:6  loss crossentropy smoothing=0.05
    d_dense2_z = np.multiply(target, 0.95, out=c.work2)  # (B, 10)
    d_dense2_z += crossentropy_scale  # (B, 10)
    np.subtract(y, d_dense2_z, out=d_dense2_z)  # (B, 10)
    # (B, 10)  dz = (softmax(z) − s) / B; s = (1 − ε)·t + ε/C
    np.multiply(d_dense2_z, 1 / B, out=d_dense2_z)
    # what is too small to matter becomes zero: products over denormal numbers are slow
    d_dense2_z += TINY  # (B, 10)
    d_dense2_z -= TINY

    # residual_mlp.nn:5  dense 10 softmax
    # sums over an axis as products with ones: one call of the matrix library
    c.ones_B.dot(d_dense2_z, out=grads["dense2.b"])  # (10,)  db = Σ dz over the rows
    d_dense2_z.T.dot(residual6_add1, out=grads["dense2.W"].T)  # (32, 10)  dW = xᵀ dz
    d_residual6_add1 = d_dense2_z.dot(params["dense2.W"].T, out=c.work4)  # (B, 32)  dx = dz Wᵀ

    # residual_mlp.nn:4  add relu  (residual6.add1)
    work5 = np.greater(residual6_add1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual6_add1_z = np.multiply(d_residual6_add1, work5, out=d_residual6_add1)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual6.dense2)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual6_add1_z, out=grads["residual6.dense2.b"])
    # (32, 32)  dW = xᵀ dz
    residual6_dense1.T.dot(d_residual6_add1_z, out=grads["residual6.dense2.W"])
    # (B, 32)  dx = dz Wᵀ
    d_residual6_dense1 = d_residual6_add1_z.dot(params["residual6.dense2.W"].T, out=c.work6)

    # residual_mlp.nn:4  dense n relu  (residual6.dense1)
    work5 = np.greater(residual6_dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual6_dense1_z = np.multiply(d_residual6_dense1, work5, out=d_residual6_dense1)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual6_dense1_z, out=grads["residual6.dense1.b"])
    # (32, 32)  dW = xᵀ dz
    residual5_add1.T.dot(d_residual6_dense1_z, out=grads["residual6.dense1.W"])
    # (B, 32)  dx = dz Wᵀ
    work7 = d_residual6_dense1_z.dot(params["residual6.dense1.W"].T, out=c.work7)
    # (B, 32)  gradients that meet are added
    d_residual5_add1 = np.add(d_residual6_add1_z, work7, out=d_residual6_add1_z)

    # residual_mlp.nn:4  add relu  (residual5.add1)
    work5 = np.greater(residual5_add1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual5_add1_z = np.multiply(d_residual5_add1, work5, out=d_residual5_add1)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual5.dense2)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual5_add1_z, out=grads["residual5.dense2.b"])
    # (32, 32)  dW = xᵀ dz
    residual5_dense1.T.dot(d_residual5_add1_z, out=grads["residual5.dense2.W"])
    # (B, 32)  dx = dz Wᵀ
    d_residual5_dense1 = d_residual5_add1_z.dot(params["residual5.dense2.W"].T, out=c.work6)

    # residual_mlp.nn:4  dense n relu  (residual5.dense1)
    work5 = np.greater(residual5_dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual5_dense1_z = np.multiply(d_residual5_dense1, work5, out=d_residual5_dense1)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual5_dense1_z, out=grads["residual5.dense1.b"])
    # (32, 32)  dW = xᵀ dz
    residual4_add1.T.dot(d_residual5_dense1_z, out=grads["residual5.dense1.W"])
    # (B, 32)  dx = dz Wᵀ
    work7 = d_residual5_dense1_z.dot(params["residual5.dense1.W"].T, out=c.work7)
    # (B, 32)  gradients that meet are added
    d_residual4_add1 = np.add(d_residual5_add1_z, work7, out=d_residual5_add1_z)

    # residual_mlp.nn:4  add relu  (residual4.add1)
    work5 = np.greater(residual4_add1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual4_add1_z = np.multiply(d_residual4_add1, work5, out=d_residual4_add1)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual4.dense2)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual4_add1_z, out=grads["residual4.dense2.b"])
    # (32, 32)  dW = xᵀ dz
    residual4_dense1.T.dot(d_residual4_add1_z, out=grads["residual4.dense2.W"])
    # (B, 32)  dx = dz Wᵀ
    d_residual4_dense1 = d_residual4_add1_z.dot(params["residual4.dense2.W"].T, out=c.work6)

    # residual_mlp.nn:4  dense n relu  (residual4.dense1)
    work5 = np.greater(residual4_dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual4_dense1_z = np.multiply(d_residual4_dense1, work5, out=d_residual4_dense1)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual4_dense1_z, out=grads["residual4.dense1.b"])
    # (32, 32)  dW = xᵀ dz
    residual3_add1.T.dot(d_residual4_dense1_z, out=grads["residual4.dense1.W"])
    # (B, 32)  dx = dz Wᵀ
    work7 = d_residual4_dense1_z.dot(params["residual4.dense1.W"].T, out=c.work7)
    # (B, 32)  gradients that meet are added
    d_residual3_add1 = np.add(d_residual4_add1_z, work7, out=d_residual4_add1_z)

    # residual_mlp.nn:4  add relu  (residual3.add1)
    work5 = np.greater(residual3_add1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual3_add1_z = np.multiply(d_residual3_add1, work5, out=d_residual3_add1)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual3.dense2)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual3_add1_z, out=grads["residual3.dense2.b"])
    # (32, 32)  dW = xᵀ dz
    residual3_dense1.T.dot(d_residual3_add1_z, out=grads["residual3.dense2.W"])
    # (B, 32)  dx = dz Wᵀ
    d_residual3_dense1 = d_residual3_add1_z.dot(params["residual3.dense2.W"].T, out=c.work6)

    # residual_mlp.nn:4  dense n relu  (residual3.dense1)
    work5 = np.greater(residual3_dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual3_dense1_z = np.multiply(d_residual3_dense1, work5, out=d_residual3_dense1)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual3_dense1_z, out=grads["residual3.dense1.b"])
    # (32, 32)  dW = xᵀ dz
    residual2_add1.T.dot(d_residual3_dense1_z, out=grads["residual3.dense1.W"])
    # (B, 32)  dx = dz Wᵀ
    work7 = d_residual3_dense1_z.dot(params["residual3.dense1.W"].T, out=c.work7)
    # (B, 32)  gradients that meet are added
    d_residual2_add1 = np.add(d_residual3_add1_z, work7, out=d_residual3_add1_z)

    # residual_mlp.nn:4  add relu  (residual2.add1)
    work5 = np.greater(residual2_add1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual2_add1_z = np.multiply(d_residual2_add1, work5, out=d_residual2_add1)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual2.dense2)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual2_add1_z, out=grads["residual2.dense2.b"])
    # (32, 32)  dW = xᵀ dz
    residual2_dense1.T.dot(d_residual2_add1_z, out=grads["residual2.dense2.W"])
    # (B, 32)  dx = dz Wᵀ
    d_residual2_dense1 = d_residual2_add1_z.dot(params["residual2.dense2.W"].T, out=c.work6)

    # residual_mlp.nn:4  dense n relu  (residual2.dense1)
    work5 = np.greater(residual2_dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual2_dense1_z = np.multiply(d_residual2_dense1, work5, out=d_residual2_dense1)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual2_dense1_z, out=grads["residual2.dense1.b"])
    # (32, 32)  dW = xᵀ dz
    residual1_add1.T.dot(d_residual2_dense1_z, out=grads["residual2.dense1.W"])
    # (B, 32)  dx = dz Wᵀ
    work7 = d_residual2_dense1_z.dot(params["residual2.dense1.W"].T, out=c.work7)
    # (B, 32)  gradients that meet are added
    d_residual1_add1 = np.add(d_residual2_add1_z, work7, out=d_residual2_add1_z)

    # residual_mlp.nn:4  add relu  (residual1.add1)
    work5 = np.greater(residual1_add1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual1_add1_z = np.multiply(d_residual1_add1, work5, out=d_residual1_add1)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual1.dense2)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual1_add1_z, out=grads["residual1.dense2.b"])
    # (32, 32)  dW = xᵀ dz
    residual1_dense1.T.dot(d_residual1_add1_z, out=grads["residual1.dense2.W"])
    # (B, 32)  dx = dz Wᵀ
    d_residual1_dense1 = d_residual1_add1_z.dot(params["residual1.dense2.W"].T, out=c.work6)

    # residual_mlp.nn:4  dense n relu  (residual1.dense1)
    work5 = np.greater(residual1_dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_residual1_dense1_z = np.multiply(d_residual1_dense1, work5, out=d_residual1_dense1)
    # (32,)  db = Σ dz over the rows
    c.ones_B.dot(d_residual1_dense1_z, out=grads["residual1.dense1.b"])
    dense1.T.dot(d_residual1_dense1_z, out=grads["residual1.dense1.W"])  # (32, 32)  dW = xᵀ dz
    # (B, 32)  dx = dz Wᵀ
    work7 = d_residual1_dense1_z.dot(params["residual1.dense1.W"].T, out=c.work7)
    # (B, 32)  gradients that meet are added
    d_dense1 = np.add(d_residual1_add1_z, work7, out=d_residual1_add1_z)

    # residual_mlp.nn:5  dense width relu
    work5 = np.greater(dense1, ZERO, out=c.work5)  # (B, 32)
    # (B, 32)  dz = da where z > 0, else 0
    d_dense1_z = np.multiply(d_dense1, work5, out=d_dense1)
    c.ones_B.dot(d_dense1_z, out=grads["dense1.b"])  # (32,)  db = Σ dz over the rows
    x.T.dot(d_dense1_z, out=grads["dense1.W"])  # (64, 32)  dW = xᵀ dz


# --- forward, loss, backward: checked -----------------------------------------------------


@quiet
def forward(params: Params, x: Any, cache: Cache | None = None) -> tuple[Any, Cache]:
    """y (B, 10) from x (B, 64), and the cache that loss and backward need."""
    x = as_rows("x", x, (64,))
    B = len(x)

    if cache is None or cache.B != B:
        cache = Cache(B)
    return _forward(as_params(params), x, cache), cache


@quiet
def losses(params: Params, cache: Cache, target: Any) -> dict[str, float]:
    """The parts of the loss by name, each with its weight; they add up to the loss."""
    c = cache
    B = c.B
    target = as_classes("target", target, (B, 10), c.target)

    return _losses(params, c, target)


def loss(params: Params, cache: Cache, target: Any) -> float:
    """crossentropy, L = −Σ t·log softmax(z), mean over the rows."""
    return sum(losses(params, cache, target).values())


@quiet
def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter, in new arrays or in those of `grads`."""
    c = cache
    B = c.B
    target = as_classes("target", target, (B, 10), c.target)

    if grads is None:
        grads = views_of(np.empty(NUM_PARAMS, DTYPE))
    elif shared_flat(grads) is None:
        as_params(grads, "grads")
        grads.update(views_of(np.empty(NUM_PARAMS, DTYPE)))
    _backward(as_params(params), c, target, grads)
    return grads


@quiet
def sgd_step(params: Params, grads: Params, lr: float) -> None:
    """Plain gradient descent, in place: p <- p - lr * dL/dp."""
    p, g = shared_flat(params), shared_flat(grads)
    if p is not None and g is not None:
        p -= lr * g
        return
    arrays, grads = writable(params), as_params(grads, "grads")
    for name, array in arrays.items():
        array -= lr * grads[name]
    params.update(arrays)


# --- training -----------------------------------------------------------------------------


class Workspace:
    """What steps share: all parameters and gradients as flat arrays, and a cache by batch size."""

    def __init__(self, params: Params, opt: dict[str, Any]) -> None:
        self.p = flatten_in_place(params)
        self.velocity = flatten_in_place(opt, ".velocity")
        self.g = np.zeros_like(self.p)
        self.temp1 = np.empty_like(self.p)
        self.grads = views_of(self.g)
        self.bound = list(params.values())
        self.slots = [opt[f"{name}.{slot}"] for slot in ("velocity",) for name in PARAM_SHAPES]
        self.caches: dict[tuple[int, ...], Cache] = {}

    def serves(self, params: Params, opt: dict[str, Any]) -> bool:
        """Whether nothing was replaced, copied or loaded since this was made."""
        same = (
            isinstance(params, dict)
            and len(params) == len(self.bound)
            and all(map(is_, params.values(), self.bound))
        )
        keys = (f"{name}.{slot}" for slot in ("velocity",) for name in PARAM_SHAPES)
        return same and all(map(is_, map(opt.get, keys), self.slots))

    def cache(self, *sizes: int) -> Cache:
        """Arrays for a batch of these sizes; the last few sizes are kept."""
        found = self.caches.get(sizes)
        if found is None:
            if len(self.caches) >= 4:
                self.caches.clear()
            found = self.caches[sizes] = Cache(*sizes)
        return found


class Optimizer(dict[str, Any]):
    """The step count and the optimizer's arrays by parameter name; its workspace is apart."""

    workspace: Workspace | None = None


def flatten_in_place(arrays: dict[str, Any], suffix: str = "") -> Array:
    """Make the entries NAME + suffix views of one flat array, if they are not; gives that array."""
    own = {name: arrays.get(name + suffix) for name in PARAM_SHAPES} if suffix else arrays
    flat = shared_flat(own)
    if flat is None:
        flat, views = flat_views(as_params(own, "opt" if suffix else "params"))
        arrays.update({name + suffix: view for name, view in views.items()})
    return flat


def shared_flat(arrays: dict[str, Any]) -> Array | None:
    """The flat array whose views in order these are, as views_of makes them; else None."""
    if isinstance(arrays, Views) and arrays.intact():
        return arrays.flat
    if not isinstance(arrays, dict) or arrays.keys() != PARAM_SHAPES.keys():
        return None
    flat = getattr(next(iter(arrays.values()), None), "base", None)
    if type(flat) is not np.ndarray:
        return None
    if flat.shape != (NUM_PARAMS,) or flat.dtype != DTYPE or not flat.flags.carray:
        return None
    for name, view in views_of(flat).items():
        array = arrays[name]
        if type(array) is not np.ndarray or array.dtype != DTYPE or array.shape != view.shape:
            return None
        if array.strides != view.strides or array.ctypes.data != view.ctypes.data:
            return None
    return flat


def workspace(params: Params, opt: dict[str, Any]) -> Workspace:
    """The optimizer's workspace, made anew if params or opt are not the ones it was made for."""
    work = getattr(opt, "workspace", None)
    if work is None or not work.serves(params, opt):
        work = Workspace(params, opt)
        if isinstance(opt, Optimizer):
            opt.workspace = work
    return work


def init_optimizer(params: Params) -> Optimizer:
    """The optimizer's memory: the step count and what it keeps of every parameter."""
    as_params(params)
    opt = Optimizer(step=0)
    opt.update({f"{name}.velocity": np.zeros(shape, DTYPE) for name, shape in PARAM_SHAPES.items()})
    return opt


def _update(work: Workspace, g: Array, rate: float, opt: dict[str, Any]) -> None:
    """One step of sgd on all parameters at once (residual_mlp.nn:7  optimizer sgd lr=0.02 momentum=0.9 weight_decay=1e-4)."""
    opt["step"] = int(opt["step"]) + 1
    p, velocity = work.p, work.velocity
    g_2 = np.multiply(p, 0.0001, out=work.temp1)  # (N,)
    g_2 += g  # (N,)  weight decay: g ← g + λ p
    np.multiply(velocity, 0.9, out=velocity)  # (N,)
    velocity += g_2  # (N,)  momentum: v ← μ v + g
    temp1 = np.multiply(velocity, rate, out=work.temp1)  # (N,)
    p -= temp1  # (N,)  p ← p − rate · v


@quiet
def optimizer_step(params: Params, grads: Params, opt: Optimizer, lr: float | None = None) -> None:
    """One step of sgd, in place."""
    rate, work = learning_rate(lr), workspace(params, opt)
    g = shared_flat(grads)
    if g is None:
        g = flat_views(as_params(grads, "grads"))[0]
    _update(work, g, rate, opt)


@quiet
def train_step(
    params: Params, x: Any, target: Any, opt: Optimizer, lr: float | None = None
) -> float:
    """Forward, loss, backward and one optimizer step; gives the loss before the step."""
    rate, work = learning_rate(lr), workspace(params, opt)
    x = as_rows("x", x, (64,))
    B = len(x)

    c = work.cache(B)
    target = as_classes("target", target, (B, 10), c.target)
    _forward(params, x, c)
    parts = _losses(params, c, target)
    _backward(params, c, target, work.grads)
    _update(work, work.g, rate, opt)
    return parts["crossentropy"]


def train_epoch(
    params: Params,
    x: Any,
    target: Any,
    opt: Optimizer,
    *,
    batch: int,
    order: Iterable[int],
    lr: float | None = None,
) -> float:
    """Train on the rows of `order`, `batch` at a time; gives the mean loss of the rows."""
    x, target = rows_of("x", x), rows_of("target", target)
    order = row_numbers(order, x, target)
    if batch != int(batch) or batch < 1 or len(order) == 0:
        raise ValueError(
            f"train_epoch: needs rows and a batch of at least 1, found {len(order)} rows, batch={batch}"
        )
    total = 0.0
    for start in range(0, len(order), int(batch)):
        rows = order[start : start + int(batch)]
        total += len(rows) * train_step(params, take(x, rows), take(target, rows), opt, lr)
    return total / len(order)


# --- using the trained network ------------------------------------------------------------


@quiet
def predict(params: Params, x: Any) -> Any:
    """y (B, 10) from x (B, 64); keeps nothing."""
    params = as_params(params)
    x = as_rows("x", x, (64,))

    # residual_mlp.nn:5  dense width relu
    dense1_z = x.dot(params["dense1.W"])  # (B, 32)
    dense1_z += params["dense1.b"]  # (B, 32)  z = x W + b
    dense1 = np.maximum(dense1_z, ZERO, out=dense1_z)  # (B, 32)  a = max(z, 0)

    # residual_mlp.nn:4  dense n relu  (residual1.dense1)
    residual1_dense1_z = dense1.dot(params["residual1.dense1.W"])  # (B, 32)
    residual1_dense1_z += params["residual1.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual1_dense1 = np.maximum(residual1_dense1_z, ZERO, out=residual1_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual1.dense2)
    residual1_dense2 = residual1_dense1.dot(params["residual1.dense2.W"])  # (B, 32)
    residual1_dense2 += params["residual1.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual1.add1)
    residual1_add1_z = np.add(dense1, residual1_dense2, out=dense1)  # (B, 32)  y = Σ branches
    # (B, 32)  a = max(z, 0)
    residual1_add1 = np.maximum(residual1_add1_z, ZERO, out=residual1_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual2.dense1)
    residual2_dense1_z = residual1_add1.dot(params["residual2.dense1.W"])  # (B, 32)
    residual2_dense1_z += params["residual2.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual2_dense1 = np.maximum(residual2_dense1_z, ZERO, out=residual2_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual2.dense2)
    residual2_dense2 = residual2_dense1.dot(params["residual2.dense2.W"])  # (B, 32)
    residual2_dense2 += params["residual2.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual2.add1)
    # (B, 32)  y = Σ branches
    residual2_add1_z = np.add(residual1_add1, residual2_dense2, out=residual1_add1)
    # (B, 32)  a = max(z, 0)
    residual2_add1 = np.maximum(residual2_add1_z, ZERO, out=residual2_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual3.dense1)
    residual3_dense1_z = residual2_add1.dot(params["residual3.dense1.W"])  # (B, 32)
    residual3_dense1_z += params["residual3.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual3_dense1 = np.maximum(residual3_dense1_z, ZERO, out=residual3_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual3.dense2)
    residual3_dense2 = residual3_dense1.dot(params["residual3.dense2.W"])  # (B, 32)
    residual3_dense2 += params["residual3.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual3.add1)
    # (B, 32)  y = Σ branches
    residual3_add1_z = np.add(residual2_add1, residual3_dense2, out=residual2_add1)
    # (B, 32)  a = max(z, 0)
    residual3_add1 = np.maximum(residual3_add1_z, ZERO, out=residual3_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual4.dense1)
    residual4_dense1_z = residual3_add1.dot(params["residual4.dense1.W"])  # (B, 32)
    residual4_dense1_z += params["residual4.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual4_dense1 = np.maximum(residual4_dense1_z, ZERO, out=residual4_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual4.dense2)
    residual4_dense2 = residual4_dense1.dot(params["residual4.dense2.W"])  # (B, 32)
    residual4_dense2 += params["residual4.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual4.add1)
    # (B, 32)  y = Σ branches
    residual4_add1_z = np.add(residual3_add1, residual4_dense2, out=residual3_add1)
    # (B, 32)  a = max(z, 0)
    residual4_add1 = np.maximum(residual4_add1_z, ZERO, out=residual4_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual5.dense1)
    residual5_dense1_z = residual4_add1.dot(params["residual5.dense1.W"])  # (B, 32)
    residual5_dense1_z += params["residual5.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual5_dense1 = np.maximum(residual5_dense1_z, ZERO, out=residual5_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual5.dense2)
    residual5_dense2 = residual5_dense1.dot(params["residual5.dense2.W"])  # (B, 32)
    residual5_dense2 += params["residual5.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual5.add1)
    # (B, 32)  y = Σ branches
    residual5_add1_z = np.add(residual4_add1, residual5_dense2, out=residual4_add1)
    # (B, 32)  a = max(z, 0)
    residual5_add1 = np.maximum(residual5_add1_z, ZERO, out=residual5_add1_z)

    # residual_mlp.nn:4  dense n relu  (residual6.dense1)
    residual6_dense1_z = residual5_add1.dot(params["residual6.dense1.W"])  # (B, 32)
    residual6_dense1_z += params["residual6.dense1.b"]  # (B, 32)  z = x W + b
    # (B, 32)  a = max(z, 0)
    residual6_dense1 = np.maximum(residual6_dense1_z, ZERO, out=residual6_dense1_z)

    # residual_mlp.nn:4  dense n init=normal(0.05)  (residual6.dense2)
    residual6_dense2 = residual6_dense1.dot(params["residual6.dense2.W"])  # (B, 32)
    residual6_dense2 += params["residual6.dense2.b"]  # (B, 32)  z = x W + b

    # residual_mlp.nn:4  add relu  (residual6.add1)
    # (B, 32)  y = Σ branches
    residual6_add1_z = np.add(residual5_add1, residual6_dense2, out=residual5_add1)
    # (B, 32)  a = max(z, 0)
    residual6_add1 = np.maximum(residual6_add1_z, ZERO, out=residual6_add1_z)

    # residual_mlp.nn:5  dense 10 softmax
    dense2_z = residual6_add1.dot(params["dense2.W"])  # (B, 10)
    dense2_z += params["dense2.b"]  # (B, 10)  z = x W + b
    y = softmax(dense2_z)  # (B, 10)  a = exp(z) / Σ exp(z)
    return y


# --- validation of arguments --------------------------------------------------------------


def real_array(what: str, value: Any) -> Array:
    """Anything that converts to an array of real numbers, as a plain array."""
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{what}: masked arrays have no meaning here; fill in or leave out rows")
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{what}: rows of different lengths do not make an array") from None
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{what}: expected real numbers, found dtype {array.dtype}")
    return array


def cast(what: str, array: Array) -> Array:
    """The array in the model's dtype; a finite number must stay finite."""
    try:
        with np.errstate(over="raise"):
            return array.astype(DTYPE, copy=False)
    except FloatingPointError:
        raise ValueError(f"{what}: a number is too large for {DTYPE}") from None


def as_rows(what: str, value: Any, shape: tuple[Any, ...]) -> Array:
    """An array of shape (B, *shape) in the model's dtype; strings in shape are free sizes."""
    if (
        type(value) is np.ndarray
        and value.dtype == DTYPE
        and value.shape[1:] == shape
        and value.size
    ):
        return value
    array = real_array(what, value)
    free = [n if isinstance(n, int) else m for n, m in zip(shape, array.shape[1:])]
    if array.ndim != len(shape) + 1 or list(array.shape[1:]) != free:
        expected = ", ".join(map(str, ("B", *shape))) + ("" if shape else ",")
        raise ValueError(f"{what}: expected shape ({expected}), found {array.shape}")
    if array.size == 0:
        raise ValueError(f"{what}: expected at least one row, found shape {array.shape}")
    return cast(what, array)


def class_ids(what: str, array: Array, classes: int) -> Array:
    """Whole numbers from 0 to classes - 1, in one row."""
    if array.dtype.kind not in "iu":
        raise ValueError(f"{what}: class ids must be integers, found dtype {array.dtype}")
    ids = array.astype(np.int64, copy=False).reshape(-1)
    # As unsigned numbers negative ids are huge, so one maximum finds both kinds of fault.
    if np.maximum.reduce(ids.view(np.uint64)) >= classes:
        raise ValueError(
            f"{what}: class ids must lie in 0..{classes - 1}, found {array.min()}..{array.max()}"
        )
    return ids


def one_hot(what: str, array: Array, shape: tuple[int, ...], out: Array | None = None) -> Array:
    """Rows with a 1 at each class id, and 0 elsewhere."""
    classes = shape[-1]
    if array.shape != shape[:-1]:
        raise ValueError(
            f"{what}: expected class ids of shape {shape[:-1]} or rows of shape {shape}, "
            f"found {array.shape}"
        )
    ids = class_ids(what, array, classes)
    rows = np.empty(shape, DTYPE) if out is None else out
    rows.fill(0)
    rows.reshape(-1)[np.arange(0, rows.size, classes) + ids] = 1
    return rows


def row_sums(what: str, rows: Array) -> Array:
    """The sums of rows of probabilities, which must be at least 0 and sum to about 1."""
    if 0 <= rows.min() and rows.max() <= 2:  # what is not finite, or far too large, is not added up
        sums = rows.sum(axis=-1, keepdims=True)
        if np.max(np.abs(sums - 1)) <= 1e-3:
            return sums
    raise ValueError(f"{what}: rows of probabilities must be at least 0 and sum to 1")


def as_classes(what: str, value: Any, shape: tuple[int, ...], out: Array | None = None) -> Array:
    """Rows of probabilities, one a class, from class ids or from such rows."""
    array = real_array(what, value)
    if array.shape == shape:
        rows = cast(what, array)
        return np.divide(rows, row_sums(what, rows), out=out)
    return one_hot(what, array, shape, out)


def as_params(params: Params, what: str = "params") -> Params:
    """The arrays of a parameter (or gradient) dict, with the right names, shapes and dtype."""
    if not isinstance(params, dict):
        raise ValueError(f"{what}: expected a dict of arrays, found {type(params).__name__}")
    if params.keys() != PARAM_SHAPES.keys():
        missing, extra = PARAM_SHAPES.keys() - params.keys(), params.keys() - PARAM_SHAPES.keys()
        raise ValueError(f"{what}: missing {sorted(missing)}, unknown {sorted(map(str, extra))}")
    for name, shape in PARAM_SHAPES.items():
        array = params[name]
        if type(array) is not np.ndarray or array.dtype is not DTYPE or array.shape != shape:
            break
    else:  # the usual case: nothing to convert
        return params
    arrays = {}
    for name, shape in PARAM_SHAPES.items():
        array = params[name]
        if type(array) is not np.ndarray or array.dtype != DTYPE:
            array = cast(f"{what}[{name!r}]", real_array(f"{what}[{name!r}]", array))
        if array.shape != shape:
            raise ValueError(f"{what}[{name!r}]: expected shape {shape}, found {array.shape}")
        arrays[name] = array
    return arrays


def writable(params: Params, what: str = "params") -> Params:
    """The arrays, with a copy in place of those that cannot be written to."""
    arrays = as_params(params, what)
    return {n: a if a.flags.behaved else a.copy() for n, a in arrays.items()}


def learning_rate(lr: float | None) -> float:
    """The given rate, or the spec's."""
    rate = TRAIN.get("lr") if lr is None else lr
    if rate is None:
        raise ValueError("lr: the spec names no learning rate; give one, such as lr=0.1")
    try:
        rate = float(rate)
    except (TypeError, ValueError):
        raise ValueError(f"lr: expected a number, found {lr!r}") from None
    if not 0 <= rate < float("inf"):
        raise ValueError(f"lr: expected a number that is not negative, found {lr!r}")
    return rate


def rows_of(what: str, value: Any) -> Any:
    """An array, or a dict of arrays, whose rows can be picked."""
    if isinstance(value, dict):
        return {name: real_array(f"{what}[{name!r}]", array) for name, array in value.items()}
    return real_array(what, value)


def row_numbers(order: Iterable[int], *sources: Any) -> Array:
    """The order as an array of numbers of rows, which all arrays must have."""
    numbers = np.asarray(order if isinstance(order, np.ndarray) else list(order))
    arrays = [a for s in sources for a in (s.values() if isinstance(s, dict) else [s])]
    counts = sorted({len(a) if a.ndim else 0 for a in arrays})
    if len(counts) != 1:
        raise ValueError(f"x and target: expected equally many rows, found {counts}")
    if numbers.size and (numbers.ndim != 1 or numbers.dtype.kind not in "iu"):
        raise ValueError(
            f"order: expected integers, found {numbers.dtype} of shape {numbers.shape}"
        )
    if numbers.size and not 0 <= numbers.min() <= numbers.max() < counts[0]:
        found = f"{numbers.min()}..{numbers.max()}"
        raise ValueError(f"order: expected rows 0..{counts[0] - 1}, found {found}")
    return numbers


def take(value: Any, rows: Array) -> Any:
    """The picked rows of an array, or of every array of a dict."""
    if isinstance(value, dict):
        return {k: v.take(rows, axis=0) for k, v in value.items()}
    return value.take(rows, axis=0)


# --- files --------------------------------------------------------------------------------


def save_params(path: str | os.PathLike[str], params: Params) -> None:
    """Write the parameters to an .npz file; a file of that name is replaced in one move."""
    arrays = dict(as_params(params))
    for name, array in arrays.items():
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{name}: has entries that are not finite; nothing was written")
    temporary = f"{os.fspath(path)}.{secrets.token_hex(4)}.tmp"
    try:
        with open(temporary, "xb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        os.replace(temporary, path)
    except BaseException:
        if os.path.exists(temporary):
            os.unlink(temporary)
        raise


def load_params(path: str | os.PathLike[str]) -> Params:
    """The parameters of an .npz file, checked: names, shapes, finite entries."""
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            raise ValueError(f"{path}: not an .npz file")
    found = {}
    with np.load(path, allow_pickle=False) as archive:
        for name in archive.files:
            try:
                found[name] = archive[name]
            except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error):
                raise ValueError(f"{path}: {name} is damaged or no array of numbers") from None
    arrays = as_params(found, str(path))
    for name, array in arrays.items():
        if not np.all(np.isfinite(array)):
            raise ValueError(f"{path}: {name} has entries that are not finite")
    return flat_views(arrays)[1]


# --- python MODULE.py --check -------------------------------------------------------------


def sample_batch(rng: np.random.Generator) -> tuple[Any, Any]:
    """A random batch and random targets, for the gradient check."""
    B = 5
    x: dict[str, Any] = {}
    x["x"] = rng.standard_normal((B, 64))
    target: dict[str, Any] = {}
    target["target"] = rng.integers(0, 10, (B,))
    return next(iter(x.values())), next(iter(target.values()))


def check_gradients(seed: int) -> list[tuple[str, int, float]]:
    """Name, entries compared and worst error of every parameter's gradient, in float64.

    Compared with central differences, entry by entry (64 of an array, fewer where that takes
    long) and along one random direction through all entries; errors are relative to the largest
    gradient entry of the parameter, or to 1e-4 of the largest of all or of the loss, whose
    rounding they show. A kink, as relu's, spoils a difference that it falls into: shorter ones
    are tried then. A gradient that is wrong differs from all of them.
    """
    rng = np.random.default_rng(seed)
    x, target = sample_batch(rng)
    params = {n: a + 0.1 * rng.standard_normal(a.shape) for n, a in init_params(seed).items()}

    def loss_at(name: str, change: Array) -> float:
        moved = {**params, name: params[name] + change}
        _, cache = forward(moved, x)
        return loss(moved, cache, target)

    _, cache = forward(params, x)
    grads = {n: np.array(a) for n, a in backward(params, cache, target).items()}
    largest = max(float(np.max(np.abs(a))) for a in (loss(params, cache, target), *grads.values()))
    start = time.perf_counter()
    forward(params, x)
    seconds = 2 * len(params) * (time.perf_counter() - start)
    table = []
    for name, grad in grads.items():
        directions = [rng.standard_normal(grad.shape) / grad.size**0.5]
        entries = rng.permutation(grad.size)[: min(64, max(1, int(10 / seconds)))]
        for entry in entries:
            unit = np.zeros(grad.size)
            unit[entry] = 1
            directions.append(unit.reshape(grad.shape))
        scale = max(float(np.max(np.abs(grad))), 1e-4 * largest) or 1.0
        worst = 0.0
        for d in directions:
            error = float("inf")
            for step in (1e-6, 1e-7, 1e-8):
                difference = (loss_at(name, step * d) - loss_at(name, -step * d)) / (2 * step)
                found = abs(difference - float(np.sum(grad * d))) / scale
                error = found if found < error else error
                if error < 1e-6:
                    break
            worst = max(worst, error)
        table.append((name, len(entries), worst))
    return table


def check() -> bool:
    """Print the gradient check; a kink that falls into a difference is tried at other points."""
    global DTYPE
    DTYPE = np.dtype("float64")
    best: dict[str, tuple[int, float]] = {}
    for seed in range(3):
        for name, count, error in check_gradients(seed):
            best[name] = min(
                best.get(name, (count, float("inf"))), (count, error), key=lambda b: b[1]
            )
        if all(error < 1e-5 for _, error in best.values()):
            break
    width = max([23, *map(len, best)]) + 1
    print(f"{'parameter':<{width}}{'shape':<16}{'entries':>8}{'worst error':>14}")
    for name, (count, error) in best.items():
        verdict = "ok" if error < 1e-5 else "WRONG"
        print(f"{name:<{width}}{str(PARAM_SHAPES[name]):<16}{count:>8}{error:>14.1e}  {verdict}")
    return all(error < 1e-5 for _, error in best.values())


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(0 if check() else 1)
    print(
        f"usage: python {os.path.basename(sys.argv[0])} --check\n\n{SPEC}\n{NUM_PARAMS} parameters"
    )
    sys.exit(2 if sys.argv[1:] else 0)
