"""siamese: a neural network in plain NumPy, written by nnc 0.1.0 from siamese.nn.

    # One encoder judges two inputs (`use`: the same weights twice, gradients added), and the dot
    # product of the two codes says whether they belong together.
    input 128 as left  -> (dense 64 relu -> dense 16) as encoder
    input 128 as right -> use encoder as other
    [encoder, other] -> dot -> sigmoid
    loss bce
    optimizer sgd lr=0.01 momentum=0.9 nesterov=true

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    rng = np.random.default_rng(0)
    B = 5
    x = {
        "left": rng.standard_normal((B, 128)),
        "right": rng.standard_normal((B, 128)),
    }
    target = rng.random((B, 1))

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
SPEC = "# One encoder judges two inputs (`use`: the same weights twice, gradients added), and the dot\n# product of the two codes says whether they belong together.\ninput 128 as left  -> (dense 64 relu -> dense 16) as encoder\ninput 128 as right -> use encoder as other\n[encoder, other] -> dot -> sigmoid\nloss bce\noptimizer sgd lr=0.01 momentum=0.9 nesterov=true\n"
SPEC_SHA256 = "9c696035c9d2f003d5132c07f88f1e14bc2deb3af378037baf559f7369919f11"

DTYPE = np.dtype("float32")
INPUTS: dict[str, tuple[Any, ...]] = {"left": ("B", 128), "right": ("B", 128)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"y": ("B", 1)}
TARGETS: dict[str, tuple[Any, ...]] = {"target": ("B", 1)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "encoder.dense1.W": (128, 64),
    "encoder.dense1.b": (64,),
    "encoder.dense2.W": (64, 16),
    "encoder.dense2.b": (16,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
NUM_PARAMS = 9296
LOSSES: dict[str, str] = {"bce": "bce"}
TRAIN: dict[str, Any] = {
    "optimizer": "sgd",
    "lr": 0.01,
    "momentum": 0.9,
    "nesterov": True,
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
        "encoder.dense1.W": (
            stream(seed, "encoder.dense1.W").standard_normal((128, 64)) * np.sqrt(2 / 128)
        ).astype(DTYPE),
        "encoder.dense1.b": np.zeros((64,), DTYPE),
        "encoder.dense2.W": (
            stream(seed, "encoder.dense2.W").uniform(-1, 1, (64, 16)) * np.sqrt(6 / (64 + 16))
        ).astype(DTYPE),
        "encoder.dense2.b": np.zeros((16,), DTYPE),
    }


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: other parameters do not shift them."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


# --- functions ----------------------------------------------------------------------------


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)); far below zero exp is infinite, and its reciprocal 0."""
    return 1 / (1 + np.exp(-z))


def binary_crossentropy(z: Array, target: Array) -> Array:
    """-t log(s) - (1 - t) log(1 - s) with s = sigmoid(z), from z, so that no log meets zero."""
    return np.maximum(z, 0) - z * target + np.log1p(np.exp(-np.abs(z)))


# --- forward, loss, backward --------------------------------------------------------------


@quiet
def forward(params: Params, x: Any, cache: Cache | None = None) -> tuple[Any, Cache]:
    """y (B, 1) from left (B, 128), right (B, 128), and the cache that loss and backward need."""
    params = as_params(params)
    left, right = by_name("x", x, INPUTS)
    left = as_rows("left", left, (128,))
    right = as_rows("right", right, (128,))
    same_size("B", {"left": len(left), "right": len(right)})

    # siamese.nn:3  dense 64 relu  (encoder.dense1)
    # (B, 64)  z = x W + b
    encoder_dense1_z = left @ params["encoder.dense1.W"] + params["encoder.dense1.b"]
    encoder_dense1 = np.maximum(encoder_dense1_z, 0)  # (B, 64)  a = max(z, 0)

    # siamese.nn:3  dense 16  (encoder.dense2)
    # (B, 16)  z = x W + b
    encoder_dense2 = encoder_dense1 @ params["encoder.dense2.W"] + params["encoder.dense2.b"]

    # siamese.nn:3  dense 64 relu  (other.dense1)
    # (B, 64)  z = x W + b
    other_dense1_z = right @ params["encoder.dense1.W"] + params["encoder.dense1.b"]
    other_dense1 = np.maximum(other_dense1_z, 0)  # (B, 64)  a = max(z, 0)

    # siamese.nn:3  dense 16  (other.dense2)
    # (B, 16)  z = x W + b
    other_dense2 = other_dense1 @ params["encoder.dense2.W"] + params["encoder.dense2.b"]

    # siamese.nn:5  dot
    dot1 = np.sum(encoder_dense2 * other_dense2, axis=1, keepdims=True)  # (B, 1)  y = Σ x₁ x₂

    # siamese.nn:5  sigmoid
    y = sigmoid(dot1)  # (B, 1)  a = σ(z)
    cache = {} if cache is None else cache
    cache.update(
        left=left,
        encoder_dense1=encoder_dense1,
        encoder_dense2=encoder_dense2,
        right=right,
        other_dense1=other_dense1,
        other_dense2=other_dense2,
        dot1=dot1,
        y=y,
    )
    return y, cache


@quiet
def loss(params: Params, cache: Cache, target: Any) -> float:
    """bce, L = −t·log σ(z) − (1−t)·log(1−σ(z)), mean over all elements."""
    dot1 = cache["dot1"]
    B = len(dot1)
    target = as_unit("target", target, (B, 1))
    # siamese.nn:6  loss bce
    # L = −t·log σ(z) − (1−t)·log(1−σ(z)), mean over all elements
    bce_loss = np.sum(binary_crossentropy(dot1, target)) / B
    return float(bce_loss)


def losses(params: Params, cache: Cache, target: Any) -> dict[str, float]:
    """The parts of the loss by name."""
    return {"bce": loss(params, cache, target)}


@quiet
def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    left = cache["left"]
    encoder_dense1 = cache["encoder_dense1"]
    encoder_dense2 = cache["encoder_dense2"]
    right = cache["right"]
    other_dense1 = cache["other_dense1"]
    other_dense2 = cache["other_dense2"]
    y = cache["y"]
    B = len(left)
    target = as_unit("target", target, (B, 1))
    # siamese.nn:6  loss bce
    d_dot1 = (y - target) / B  # (B, 1)  dz = (σ(z) − t) / B

    # siamese.nn:5  dot
    d_encoder_dense2 = d_dot1 * other_dense2  # (B, 16)  dx₁ = dy · x₂
    d_other_dense2 = d_dot1 * encoder_dense2  # (B, 16)  dx₂ = dy · x₁

    # siamese.nn:3  dense 16  (other.dense2)
    d_other_dense1 = d_other_dense2 @ params["encoder.dense2.W"].T  # (B, 64)  dx = dz Wᵀ

    # siamese.nn:3  dense 64 relu  (other.dense1)
    d_other_dense1_z = d_other_dense1 * (other_dense1 > 0)  # (B, 64)  dz = da where z > 0, else 0

    # siamese.nn:3  dense 16  (encoder.dense2)
    # (16,)  gradients that meet are added
    d_encoder_dense2_b = np.sum(d_other_dense2, axis=0) + np.sum(d_encoder_dense2, axis=0)
    d_encoder_dense1 = d_encoder_dense2 @ params["encoder.dense2.W"].T  # (B, 64)  dx = dz Wᵀ
    # (64, 16)  gradients that meet are added
    d_encoder_dense2_W = other_dense1.T @ d_other_dense2 + encoder_dense1.T @ d_encoder_dense2

    # siamese.nn:3  dense 64 relu  (encoder.dense1)
    # (B, 64)  dz = da where z > 0, else 0
    d_encoder_dense1_z = d_encoder_dense1 * (encoder_dense1 > 0)
    # (64,)  gradients that meet are added
    d_encoder_dense1_b = np.sum(d_other_dense1_z, axis=0) + np.sum(d_encoder_dense1_z, axis=0)
    # (128, 64)  gradients that meet are added
    d_encoder_dense1_W = right.T @ d_other_dense1_z + left.T @ d_encoder_dense1_z
    grads = {} if grads is None else grads
    grads.update(
        {
            "encoder.dense1.W": d_encoder_dense1_W,
            "encoder.dense1.b": d_encoder_dense1_b,
            "encoder.dense2.W": d_encoder_dense2_W,
            "encoder.dense2.b": d_encoder_dense2_b,
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
    """One step of sgd, in place (siamese.nn:7  optimizer sgd lr=0.01 momentum=0.9 nesterov=true)."""
    rate, arrays = learning_rate(lr), writable(params)
    grads = as_params(grads, "grads")
    check_optimizer(opt)
    opt["step"] = int(opt["step"]) + 1
    for name, p in arrays.items():
        g = grads[name]
        velocity = opt[f"{name}.velocity"]
        velocity[...] = 0.9 * velocity + g  # momentum: v ← μ v + g
        g = g + 0.9 * velocity  # Nesterov: g ← g + μ v
        p -= g * rate  # p ← p − rate · g
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
    """y (B, 1) from left (B, 128), right (B, 128); keeps nothing."""
    params = as_params(params)
    left, right = by_name("x", x, INPUTS)
    left = as_rows("left", left, (128,))
    right = as_rows("right", right, (128,))
    same_size("B", {"left": len(left), "right": len(right)})

    # siamese.nn:3  dense 64 relu  (encoder.dense1)
    # (B, 64)  z = x W + b
    encoder_dense1_z = left @ params["encoder.dense1.W"] + params["encoder.dense1.b"]
    encoder_dense1 = np.maximum(encoder_dense1_z, 0)  # (B, 64)  a = max(z, 0)

    # siamese.nn:3  dense 16  (encoder.dense2)
    # (B, 16)  z = x W + b
    encoder_dense2 = encoder_dense1 @ params["encoder.dense2.W"] + params["encoder.dense2.b"]

    # siamese.nn:3  dense 64 relu  (other.dense1)
    # (B, 64)  z = x W + b
    other_dense1_z = right @ params["encoder.dense1.W"] + params["encoder.dense1.b"]
    other_dense1 = np.maximum(other_dense1_z, 0)  # (B, 64)  a = max(z, 0)

    # siamese.nn:3  dense 16  (other.dense2)
    # (B, 16)  z = x W + b
    other_dense2 = other_dense1 @ params["encoder.dense2.W"] + params["encoder.dense2.b"]

    # siamese.nn:5  dot
    dot1 = np.sum(encoder_dense2 * other_dense2, axis=1, keepdims=True)  # (B, 1)  y = Σ x₁ x₂

    # siamese.nn:5  sigmoid
    y = sigmoid(dot1)  # (B, 1)  a = σ(z)
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


def same_size(symbol: str, sizes: dict[str, int]) -> None:
    """Sizes that the spec calls by one name must be one number."""
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise ValueError(f"inputs disagree on the size {symbol}: {found}")


def by_name(what: str, value: Any, names: Iterable[str]) -> list[Any]:
    """The entries of a dict that must have just these names."""
    wanted = sorted(names)
    if not isinstance(value, dict) or sorted(value) != wanted:
        found = sorted(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise ValueError(f"{what}: expected a dict with {wanted}, found {found}")
    return [value[name] for name in names]


def as_unit(what: str, value: Any, shape: tuple[int, ...]) -> Array:
    """Numbers between 0 and 1 of the output's shape; its last axis may be left out where it is 1."""
    array = real_array(what, value)
    if shape[-1] == 1 and array.shape == shape[:-1]:
        array = array.reshape(shape)
    if array.shape != shape:
        hint = ""
        if array.shape == shape[:-1] and array.dtype.kind in "iu":
            hint = f"; class ids must be one-hot: np.eye({shape[-1]})[{what}]"
        raise ValueError(f"{what}: expected shape {shape}, found {array.shape}{hint}")
    if not (array.min() >= 0 and array.max() <= 1):
        raise ValueError(
            f"{what}: expected numbers from 0 to 1, found {array.min()}..{array.max()}"
        )
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
    x["left"] = rng.standard_normal((B, 128))
    x["right"] = rng.standard_normal((B, 128))
    target: dict[str, Any] = {}
    target["target"] = rng.random((B, 1))
    return x, next(iter(target.values()))


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
