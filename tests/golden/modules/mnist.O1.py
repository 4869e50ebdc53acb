"""mnist: a neural network in plain NumPy, written by nnc 0.1.0 from mnist.nn.

    # The network most books begin with, for MNIST's 28x28 pixels; nothing but the line that says so.
    # Softmax and crossentropy belong together: their joint gradient on the logits is just y - target.
    input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    rng = np.random.default_rng(0)
    B = 5
    x = rng.standard_normal((B, 784))
    target = rng.integers(0, 10, (B,))

    params = init_params(seed=0)
    opt = init_optimizer(params)
    loss_before = train_step(params, x, target, opt, lr=0.1)
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
SPEC = "# The network most books begin with, for MNIST's 28x28 pixels; nothing but the line that says so.\n# Softmax and crossentropy belong together: their joint gradient on the logits is just y - target.\ninput 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy\n"
SPEC_SHA256 = "4e6d7322ad93faa24d11cf2e5f26006990694da5352b5dfef632e73a367d13ae"

DTYPE = np.dtype("float32")
INPUTS: dict[str, tuple[Any, ...]] = {"x": ("B", 784)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"y": ("B", 10)}
TARGETS: dict[str, tuple[Any, ...]] = {"target": ("B", 10)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "dense1.W": (784, 30),
    "dense1.b": (30,),
    "dense2.W": (30, 10),
    "dense2.b": (10,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
BY_COLUMNS = {"dense1.W", "dense2.W"}  # how they lie in memory; the others by rows
NUM_PARAMS = 23860
LOSSES: dict[str, str] = {"crossentropy": "crossentropy"}
TRAIN: dict[str, Any] = {}
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
                stream(seed, "dense1.W").uniform(-1, 1, (784, 30)) * np.sqrt(6 / (784 + 30))
            ).astype(DTYPE),
            "dense1.b": np.zeros((30,), DTYPE),
            "dense2.W": (
                stream(seed, "dense2.W").uniform(-1, 1, (30, 10)) * np.sqrt(6 / (30 + 10))
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


def sigmoid(z: Array, out: Array | None = None) -> Array:
    """1 / (1 + exp(-z)); far below zero exp is infinite, and its reciprocal 0."""
    out = np.negative(z, out=out)
    np.exp(out, out=out)
    out += ONE
    return np.reciprocal(out, out=out)


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

    def __init__(self, B: int) -> None:
        self.B = B
        self.dense1 = np.empty((B, 30), DTYPE)  # dense1_z, then dense1
        self.dense2_z_shifted = np.empty((B, 10), DTYPE)  # dense2_z, then dense2_z_shifted
        self.work1 = np.empty((B, 1), DTYPE)  # dense2_z_max
        self.y = np.empty((B, 10), DTYPE)  # dense2_z_exp, then y
        self.dense2_z_sum = np.empty((B, 1), DTYPE)  # dense2_z_sum
        self.work2 = np.empty((B, 10), DTYPE)  # d_dense2_z
        self.work3 = np.empty((B, 30), DTYPE)  # d_dense1, then d_dense1_z
        self.work4 = np.empty((B, 30), DTYPE)
        self.ones_10 = np.ones((10, 1), DTYPE)  # for sums over an axis, as products
        self.ones_B = np.ones((B,), DTYPE)  # for sums over an axis, as products
        self.target = np.empty((B, 10), DTYPE)  # class ids as one-hot rows


def _forward(params: Params, x: Array, c: Cache) -> Any:
    """y (B, 10) from x (B, 784); what backward needs stays in c.

    `out=` names the array that a value is written to; an operand's own array is written over
    where nothing needs the operand any more.
    """
    # mnist.nn:3  dense 30 sigmoid
    dense1_z = x.dot(params["dense1.W"], out=c.dense1)  # (B, 30)
    dense1_z += params["dense1.b"]  # (B, 30)  z = x W + b
    dense1 = sigmoid(dense1_z, out=dense1_z)  # (B, 30)  a = σ(z)

    # mnist.nn:3  dense 10 softmax
    dense2_z = dense1.dot(params["dense2.W"], out=c.dense2_z_shifted)  # (B, 10)
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
    c.x = x
    return y


def _losses(params: Params, c: Cache, target: Array) -> dict[str, float]:
    """The parts of the loss by name: crossentropy, L = −Σ t·log softmax(z), mean over the rows."""
    dense2_z_shifted, dense2_z_sum = c.dense2_z_shifted, c.dense2_z_sum
    B = c.B
    # mnist.nn:3  loss crossentropy
    work1 = np.log(dense2_z_sum, out=c.work1)  # (B, 1)
    work2 = np.maximum(dense2_z_shifted, LOWEST, out=c.work2)  # (B, 10)
    # the sum of all products as one dot product
    # L = −Σ t·log softmax(z), mean over the rows
    crossentropy_loss = (np.add.reduce(work1, axis=None) - np.vdot(target, work2)) / B
    return {"crossentropy": float(crossentropy_loss)}


def _backward(params: Params, c: Cache, target: Array, grads: Params) -> None:
    """The gradient of the loss by every parameter, written into grads; d_NAME is dL/dNAME.

    The gradient of a matrix that lies by columns is written transposed: dWᵀ = dzᵀ x.
    """
    x, dense1, y = c.x, c.dense1, c.y
    B = c.B
    # mnist.nn:3  loss crossentropy
    d_dense2_z = np.subtract(y, target, out=c.work2)  # (B, 10)
    np.multiply(d_dense2_z, 1 / B, out=d_dense2_z)  # (B, 10)  dz = (softmax(z) − t) / B
    # what is too small to matter becomes zero: products over denormal numbers are slow
    d_dense2_z += TINY  # (B, 10)
    d_dense2_z -= TINY

    # mnist.nn:3  dense 10 softmax
    # sums over an axis as products with ones: one call of the matrix library
    c.ones_B.dot(d_dense2_z, out=grads["dense2.b"])  # (10,)  db = Σ dz over the rows
    d_dense2_z.T.dot(dense1, out=grads["dense2.W"].T)  # (30, 10)  dW = xᵀ dz
    d_dense1 = d_dense2_z.dot(params["dense2.W"].T, out=c.work3)  # (B, 30)  dx = dz Wᵀ

    # mnist.nn:3  dense 30 sigmoid
    d_dense1_z = np.multiply(d_dense1, dense1, out=d_dense1)  # (B, 30)
    work4 = np.subtract(ONE, dense1, out=c.work4)  # (B, 30)
    d_dense1_z *= work4  # (B, 30)  dz = da · a (1 − a)
    c.ones_B.dot(d_dense1_z, out=grads["dense1.b"])  # (30,)  db = Σ dz over the rows
    d_dense1_z.T.dot(x, out=grads["dense1.W"].T)  # (784, 30)  dW = xᵀ dz


# --- forward, loss, backward: checked -----------------------------------------------------


@quiet
def forward(params: Params, x: Any, cache: Cache | None = None) -> tuple[Any, Cache]:
    """y (B, 10) from x (B, 784), and the cache that loss and backward need."""
    x = as_rows("x", x, (784,))
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
        self.g = np.zeros_like(self.p)
        self.temp1 = np.empty_like(self.p)
        self.grads = views_of(self.g)
        self.bound = list(params.values())
        self.caches: dict[tuple[int, ...], Cache] = {}

    def serves(self, params: Params, opt: dict[str, Any]) -> bool:
        """Whether nothing was replaced, copied or loaded since this was made."""
        same = (
            isinstance(params, dict)
            and len(params) == len(self.bound)
            and all(map(is_, params.values(), self.bound))
        )
        return same

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
    return opt


def _update(work: Workspace, g: Array, rate: float, opt: dict[str, Any]) -> None:
    """One step of plain SGD on all parameters at once."""
    opt["step"] = int(opt["step"]) + 1
    p = work.p
    p -= np.multiply(g, rate, out=work.temp1)


@quiet
def optimizer_step(params: Params, grads: Params, opt: Optimizer, lr: float | None = None) -> None:
    """One step of plain SGD, in place."""
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
    x = as_rows("x", x, (784,))
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
    """y (B, 10) from x (B, 784); keeps nothing."""
    params = as_params(params)
    x = as_rows("x", x, (784,))

    # mnist.nn:3  dense 30 sigmoid
    dense1_z = x.dot(params["dense1.W"])  # (B, 30)
    dense1_z += params["dense1.b"]  # (B, 30)  z = x W + b
    dense1 = sigmoid(dense1_z, out=dense1_z)  # (B, 30)  a = σ(z)

    # mnist.nn:3  dense 10 softmax
    dense2_z = dense1.dot(params["dense2.W"])  # (B, 10)
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
    x["x"] = rng.standard_normal((B, 784))
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
