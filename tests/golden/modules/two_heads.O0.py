"""two_heads: a neural network in plain NumPy, written by nnc 0.1.0 from two_heads.nn.

    # One trunk, two questions: which of three kinds, and how large.
    # The losses are added with weights, so that neither drowns the other in the shared layer.
    input 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind
    trunk -> dense 1 as size
    output kind, size
    loss crossentropy on kind weight=0.3
    loss huber(delta=2) on size
    optimizer sgd lr=0.05 momentum=0.9

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    rng = np.random.default_rng(0)
    B = 5
    x = rng.standard_normal((B, 20))
    target = {
        "kind": rng.integers(0, 3, (B,)),
        "size": rng.random((B, 1)),
    }

    params = init_params(seed=0)
    opt = init_optimizer(params)
    loss_before = train_step(params, x, target, opt)
    y = predict(params, x)

Every array has a row for each example first: B rows make a batch.
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
from typing import Any

import numpy as np

NNC_VERSION = "0.1.0"
CONTRACT = 1
SPEC = "# One trunk, two questions: which of three kinds, and how large.\n# The losses are added with weights, so that neither drowns the other in the shared layer.\ninput 20 as features -> dense 32 relu as trunk -> dense 3 softmax as kind\ntrunk -> dense 1 as size\noutput kind, size\nloss crossentropy on kind weight=0.3\nloss huber(delta=2) on size\noptimizer sgd lr=0.05 momentum=0.9\n"
SPEC_SHA256 = "387b8679b189c00d4d15ef866ae0fe9cb887c833884f25615681fd5731798d7e"

DTYPE = np.dtype("float32")
INPUTS: dict[str, tuple[Any, ...]] = {"features": ("B", 20)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"kind": ("B", 3), "size": ("B", 1)}
TARGETS: dict[str, tuple[Any, ...]] = {"kind": ("B", 3), "size": ("B", 1)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "trunk.W": (20, 32),
    "trunk.b": (32,),
    "kind.W": (32, 3),
    "kind.b": (3,),
    "size.W": (32, 1),
    "size.b": (1,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
NUM_PARAMS = 804
LOSSES: dict[str, str] = {"crossentropy": "crossentropy", "huber": "huber"}
TRAIN: dict[str, Any] = {
    "optimizer": "sgd",
    "lr": 0.05,
    "momentum": 0.9,
    "nesterov": False,
    "weight_decay": 0.0,
    "dampening": 0.0,
}
METRICS: tuple[str, ...] = ()


Array = np.ndarray[Any, np.dtype[Any]]
Params = dict[str, Array]
Cache = dict[str, Any]
Optimizer = dict[str, Any]

# What is too large for DTYPE becomes infinite, as IEEE 754 says; NumPy need not warn of it.
quiet = np.errstate(all="ignore")


# --- parameters ---------------------------------------------------------------------------


def init_params(seed: int = 0) -> Params:
    """Fresh parameters. Every array draws from a stream of its own, given by seed and name."""
    return {
        "trunk.W": (stream(seed, "trunk.W").standard_normal((20, 32)) * np.sqrt(2 / 20)).astype(
            DTYPE
        ),
        "trunk.b": np.zeros((32,), DTYPE),
        "kind.W": (stream(seed, "kind.W").uniform(-1, 1, (32, 3)) * np.sqrt(6 / (32 + 3))).astype(
            DTYPE
        ),
        "kind.b": np.zeros((3,), DTYPE),
        "size.W": (stream(seed, "size.W").uniform(-1, 1, (32, 1)) * np.sqrt(6 / (32 + 1))).astype(
            DTYPE
        ),
        "size.b": np.zeros((1,), DTYPE),
    }


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: other parameters do not shift them."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


# --- functions ----------------------------------------------------------------------------


def softmax(z: Array) -> Array:
    """exp(z) over its sum in each row; the row's maximum is taken away first, so exp cannot overflow."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def log_softmax(z: Array) -> Array:
    """log(softmax(z)) without ever dividing by, or taking the log of, a tiny number."""
    u = z - np.max(z, axis=-1, keepdims=True)
    u = np.maximum(u, np.finfo(DTYPE).min)  # -inf times a class's share of 0 would be NaN
    return u - np.log(np.sum(np.exp(u), axis=-1, keepdims=True))


def crossentropy(z: Array, target: Array) -> Array:
    """-sum(t * log(softmax(z))) of each row."""
    return -np.sum(target * log_softmax(z), axis=-1)


def huber(r: Array, delta: float) -> Array:
    """r**2 / 2 up to |r| = delta, and a straight line beyond."""
    size = np.abs(r)
    return np.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))


# --- forward, loss, backward --------------------------------------------------------------


@quiet
def forward(params: Params, x: Any, cache: Cache | None = None) -> tuple[Any, Cache]:
    """kind (B, 3), size (B, 1) from features (B, 20), and the cache that loss and backward need."""
    params = as_params(params)
    x = as_rows("features", x, (20,))

    # two_heads.nn:3  dense 32 relu
    trunk_z = x @ params["trunk.W"] + params["trunk.b"]  # (B, 32)  z = x W + b
    trunk = np.maximum(trunk_z, 0)  # (B, 32)  a = max(z, 0)

    # two_heads.nn:3  dense 3 softmax
    kind_z = trunk @ params["kind.W"] + params["kind.b"]  # (B, 3)  z = x W + b
    kind_2 = softmax(kind_z)  # (B, 3)  a = exp(z) / Σ exp(z)

    # two_heads.nn:4  dense 1
    size_2 = trunk @ params["size.W"] + params["size.b"]  # (B, 1)  z = x W + b
    cache = {} if cache is None else cache
    cache.update(x=x, trunk=trunk, kind_z=kind_z, kind_2=kind_2, size_2=size_2)
    return {"kind": kind_2, "size": size_2}, cache


@quiet
def losses(params: Params, cache: Cache, target: Any) -> dict[str, float]:
    """The parts of the loss by name, each with its weight; they add up to the loss."""
    kind_z, size_2 = cache["kind_z"], cache["size_2"]
    B = len(kind_z)
    kind_target, size_target = by_name("target", target, TARGETS)
    kind_target = as_classes("kind", kind_target, (B, 3))
    size_target = as_values("size", size_target, (B, 1))
    # two_heads.nn:6  loss crossentropy on kind weight=0.3
    # 0.3 L, L = −Σ t·log softmax(z), mean over the rows
    crossentropy_loss = 0.3 * np.sum(crossentropy(kind_z, kind_target)) / B

    # two_heads.nn:7  loss huber(delta=2) on size
    # L = ½r² where |r| ≤ δ, else δ(|r| − δ/2), mean over all elements
    huber_loss = np.sum(huber(size_2 - size_target, 2)) / B
    return {
        "crossentropy": float(crossentropy_loss),
        "huber": float(huber_loss),
    }


def loss(params: Params, cache: Cache, target: Any) -> float:
    """0.3 times crossentropy, L = −Σ t·log softmax(z), mean over the rows; plus huber, L = ½r²
    where |r| ≤ δ, else δ(|r| − δ/2), mean over all elements."""
    return sum(losses(params, cache, target).values())


@quiet
def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, trunk, kind_2, size_2 = cache["x"], cache["trunk"], cache["kind_2"], cache["size_2"]
    B = len(x)
    kind_target, size_target = by_name("target", target, TARGETS)
    kind_target = as_classes("kind", kind_target, (B, 3))
    size_target = as_values("size", size_target, (B, 1))
    # two_heads.nn:7  loss huber(delta=2) on size
    d_size = np.clip(size_2 - size_target, -2, 2) / B  # (B, 1)  dy = clip(y − t, −δ, δ) / B

    # two_heads.nn:6  loss crossentropy on kind weight=0.3
    d_kind_z = 0.3 * (kind_2 - kind_target) / B  # (B, 3)  dz = (softmax(z) − t) · 0.3 / B

    # two_heads.nn:4  dense 1
    d_size_b = np.sum(d_size, axis=0)  # (1,)  db = Σ dz over the rows
    d_size_W = trunk.T @ d_size  # (32, 1)  dW = xᵀ dz

    # two_heads.nn:3  dense 3 softmax
    d_kind_b = np.sum(d_kind_z, axis=0)  # (3,)  db = Σ dz over the rows
    d_kind_W = trunk.T @ d_kind_z  # (32, 3)  dW = xᵀ dz
    # (B, 32)  gradients that meet are added
    d_trunk = d_size @ params["size.W"].T + d_kind_z @ params["kind.W"].T

    # two_heads.nn:3  dense 32 relu
    d_trunk_z = d_trunk * (trunk > 0)  # (B, 32)  dz = da where z > 0, else 0
    d_trunk_b = np.sum(d_trunk_z, axis=0)  # (32,)  db = Σ dz over the rows
    d_trunk_W = x.T @ d_trunk_z  # (20, 32)  dW = xᵀ dz
    grads = {} if grads is None else grads
    grads.update(
        {
            "trunk.W": d_trunk_W,
            "trunk.b": d_trunk_b,
            "kind.W": d_kind_W,
            "kind.b": d_kind_b,
            "size.W": d_size_W,
            "size.b": d_size_b,
        }
    )
    return grads


@quiet
def sgd_step(params: Params, grads: Params, lr: float) -> None:
    """Plain gradient descent, in place: p <- p - lr * dL/dp."""
    arrays, grads = writable(params), as_params(grads, "grads")
    for name, p in arrays.items():
        p -= lr * grads[name]
    params.update(arrays)


# --- training -----------------------------------------------------------------------------


def init_optimizer(params: Params) -> Optimizer:
    """The optimizer's memory: the step count and what it keeps of every parameter."""
    as_params(params)
    opt: Optimizer = {"step": 0}
    opt.update({f"{name}.velocity": np.zeros(shape, DTYPE) for name, shape in PARAM_SHAPES.items()})
    return opt


@quiet
def optimizer_step(params: Params, grads: Params, opt: Optimizer, lr: float | None = None) -> None:
    """One step of sgd, in place (two_heads.nn:8  optimizer sgd lr=0.05 momentum=0.9)."""
    rate, arrays = learning_rate(lr), writable(params)
    grads = as_params(grads, "grads")
    check_optimizer(opt)
    opt["step"] = int(opt["step"]) + 1
    for name, p in arrays.items():
        g = grads[name]
        velocity = opt[f"{name}.velocity"]
        velocity[...] = 0.9 * velocity + g  # momentum: v ← μ v + g
        p -= velocity * rate  # p ← p − rate · v
    params.update(arrays)


def train_step(
    params: Params, x: Any, target: Any, opt: Optimizer, lr: float | None = None
) -> float:
    """Forward, loss, backward and one optimizer step; gives the loss before the step."""
    learning_rate(lr)  # refuse before computing anything
    _, cache = forward(params, x)
    value = loss(params, cache, target)
    optimizer_step(params, backward(params, cache, target), opt, lr)
    return value


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
    """kind (B, 3), size (B, 1) from features (B, 20); keeps nothing."""
    params = as_params(params)
    x = as_rows("features", x, (20,))

    # two_heads.nn:3  dense 32 relu
    trunk_z = x @ params["trunk.W"] + params["trunk.b"]  # (B, 32)  z = x W + b
    trunk = np.maximum(trunk_z, 0)  # (B, 32)  a = max(z, 0)

    # two_heads.nn:3  dense 3 softmax
    kind_z = trunk @ params["kind.W"] + params["kind.b"]  # (B, 3)  z = x W + b
    kind_2 = softmax(kind_z)  # (B, 3)  a = exp(z) / Σ exp(z)

    # two_heads.nn:4  dense 1
    size_2 = trunk @ params["size.W"] + params["size.b"]  # (B, 1)  z = x W + b
    return {"kind": kind_2, "size": size_2}


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


def by_name(what: str, value: Any, names: Iterable[str]) -> list[Any]:
    """The entries of a dict that must have just these names."""
    wanted = sorted(names)
    if not isinstance(value, dict) or sorted(value) != wanted:
        found = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"{what}: expected a dict with {wanted}, found {found}")
    return [value[name] for name in names]


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


def as_values(what: str, value: Any, shape: tuple[int, ...]) -> Array:
    """Numbers of the output's shape; its last axis may be left out where it is 1."""
    if type(value) is np.ndarray and value.dtype == DTYPE and value.shape == shape:
        return value
    array = real_array(what, value)
    if shape[-1] == 1 and array.shape == shape[:-1]:
        array = array.reshape(shape)
    if array.shape != shape:
        hint = ""
        if array.shape == shape[:-1] and array.dtype.kind in "iu":
            hint = f"; class ids must be one-hot: np.eye({shape[-1]})[{what}]"
        raise ValueError(f"{what}: expected shape {shape}, found {array.shape}{hint}")
    return cast(what, array)


def as_params(params: Params, what: str = "params") -> Params:
    """The arrays of a parameter (or gradient) dict, with the right names, shapes and dtype."""
    if not isinstance(params, dict):
        raise ValueError(f"{what}: expected a dict of arrays, found {type(params).__name__}")
    if params.keys() != PARAM_SHAPES.keys():
        missing, extra = PARAM_SHAPES.keys() - params.keys(), params.keys() - PARAM_SHAPES.keys()
        raise ValueError(f"{what}: missing {sorted(missing)}, unknown {sorted(map(str, extra))}")
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


def check_optimizer(opt: Optimizer) -> None:
    """The optimizer's arrays must have the parameters' names and shapes."""
    for name, shape in PARAM_SHAPES.items():
        for slot in ("velocity",):
            array = opt.get(f"{name}.{slot}")
            if array is None or np.shape(array) != shape:
                raise ValueError(f"opt: expected an array {name}.{slot} of shape {shape}")


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
    return arrays


# --- python MODULE.py --check -------------------------------------------------------------


def sample_batch(rng: np.random.Generator) -> tuple[Any, Any]:
    """A random batch and random targets, for the gradient check."""
    B = 5
    x: dict[str, Any] = {}
    x["features"] = rng.standard_normal((B, 20))
    target: dict[str, Any] = {}
    target["kind"] = rng.integers(0, 3, (B,))
    target["size"] = rng.random((B, 1))
    return next(iter(x.values())), target


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
