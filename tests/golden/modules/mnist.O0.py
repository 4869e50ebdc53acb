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
NUM_PARAMS = 23860
LOSSES: dict[str, str] = {"crossentropy": "crossentropy"}
TRAIN: dict[str, Any] = {}
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
        "dense1.W": (
            stream(seed, "dense1.W").uniform(-1, 1, (784, 30)) * np.sqrt(6 / (784 + 30))
        ).astype(DTYPE),
        "dense1.b": np.zeros((30,), DTYPE),
        "dense2.W": (
            stream(seed, "dense2.W").uniform(-1, 1, (30, 10)) * np.sqrt(6 / (30 + 10))
        ).astype(DTYPE),
        "dense2.b": np.zeros((10,), DTYPE),
    }


def stream(seed: int, name: str) -> np.random.Generator:
    """The random numbers of one parameter: other parameters do not shift them."""
    digest = hashlib.sha256(name.encode()).digest()
    return np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])


# --- functions ----------------------------------------------------------------------------


def sigmoid(z: Array) -> Array:
    """1 / (1 + exp(-z)); far below zero exp is infinite, and its reciprocal 0."""
    return 1 / (1 + np.exp(-z))


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


# --- forward, loss, backward --------------------------------------------------------------


@quiet
def forward(params: Params, x: Any, cache: Cache | None = None) -> tuple[Any, Cache]:
    """y (B, 10) from x (B, 784), and the cache that loss and backward need."""
    params = as_params(params)
    x = as_rows("x", x, (784,))

    # mnist.nn:3  dense 30 sigmoid
    dense1_z = x @ params["dense1.W"] + params["dense1.b"]  # (B, 30)  z = x W + b
    dense1 = sigmoid(dense1_z)  # (B, 30)  a = σ(z)

    # mnist.nn:3  dense 10 softmax
    dense2_z = dense1 @ params["dense2.W"] + params["dense2.b"]  # (B, 10)  z = x W + b
    y = softmax(dense2_z)  # (B, 10)  a = exp(z) / Σ exp(z)
    cache = {} if cache is None else cache
    cache.update(x=x, dense1=dense1, dense2_z=dense2_z, y=y)
    return y, cache


@quiet
def loss(params: Params, cache: Cache, target: Any) -> float:
    """crossentropy, L = −Σ t·log softmax(z), mean over the rows."""
    dense2_z = cache["dense2_z"]
    B = len(dense2_z)
    target = as_classes("target", target, (B, 10))
    # mnist.nn:3  loss crossentropy
    # L = −Σ t·log softmax(z), mean over the rows
    crossentropy_loss = np.sum(crossentropy(dense2_z, target)) / B
    return float(crossentropy_loss)


def losses(params: Params, cache: Cache, target: Any) -> dict[str, float]:
    """The parts of the loss by name."""
    return {"crossentropy": loss(params, cache, target)}


@quiet
def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, dense1, y = cache["x"], cache["dense1"], cache["y"]
    B = len(x)
    target = as_classes("target", target, (B, 10))
    # mnist.nn:3  loss crossentropy
    d_dense2_z = (y - target) / B  # (B, 10)  dz = (softmax(z) − t) / B

    # mnist.nn:3  dense 10 softmax
    d_dense2_b = np.sum(d_dense2_z, axis=0)  # (10,)  db = Σ dz over the rows
    d_dense2_W = dense1.T @ d_dense2_z  # (30, 10)  dW = xᵀ dz
    d_dense1 = d_dense2_z @ params["dense2.W"].T  # (B, 30)  dx = dz Wᵀ

    # mnist.nn:3  dense 30 sigmoid
    d_dense1_z = d_dense1 * dense1 * (1 - dense1)  # (B, 30)  dz = da · a (1 − a)
    d_dense1_b = np.sum(d_dense1_z, axis=0)  # (30,)  db = Σ dz over the rows
    d_dense1_W = x.T @ d_dense1_z  # (784, 30)  dW = xᵀ dz
    grads = {} if grads is None else grads
    grads.update(
        {
            "dense1.W": d_dense1_W,
            "dense1.b": d_dense1_b,
            "dense2.W": d_dense2_W,
            "dense2.b": d_dense2_b,
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
    return opt


@quiet
def optimizer_step(params: Params, grads: Params, opt: Optimizer, lr: float | None = None) -> None:
    """One step of plain SGD, in place."""
    rate, arrays = learning_rate(lr), writable(params)
    grads = as_params(grads, "grads")
    opt["step"] = int(opt["step"]) + 1
    for name, p in arrays.items():
        g = grads[name]
        p -= rate * g
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
    """y (B, 10) from x (B, 784); keeps nothing."""
    params = as_params(params)
    x = as_rows("x", x, (784,))

    # mnist.nn:3  dense 30 sigmoid
    dense1_z = x @ params["dense1.W"] + params["dense1.b"]  # (B, 30)  z = x W + b
    dense1 = sigmoid(dense1_z)  # (B, 30)  a = σ(z)

    # mnist.nn:3  dense 10 softmax
    dense2_z = dense1 @ params["dense2.W"] + params["dense2.b"]  # (B, 10)  z = x W + b
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
    return arrays


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
