"""sequence: a neural network in plain NumPy, written by nnc 0.1.0 from sequence.nn.

    # a sequence of feature vectors, a classifier at every step
    input Tx6 -> dense 4 gelu -> dropout 0.2 -> dense 3; loss crossentropy

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    rng = np.random.default_rng(0)
    B, T = 5, 6
    x = rng.standard_normal((B, T, 6))
    target = rng.integers(0, 3, (B, T))

    params = init_params(seed=0)
    opt = init_optimizer(params)
    loss_before = train_step(params, x, target, opt, lr=0.1, rng=rng)
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
SPEC = "# a sequence of feature vectors, a classifier at every step\ninput Tx6 -> dense 4 gelu -> dropout 0.2 -> dense 3; loss crossentropy\n"
SPEC_SHA256 = "dd09c45f55604f43a941682a3fcccbf116249925ea8761bf4538e42e256087a5"

DTYPE = np.dtype("float32")
INPUTS: dict[str, tuple[Any, ...]] = {"x": ("B", "T", 6)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"y": ("B", "T", 3)}
TARGETS: dict[str, tuple[Any, ...]] = {"target": ("B", "T", 3)}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "dense1.W": (6, 4),
    "dense1.b": (4,),
    "dense2.W": (4, 3),
    "dense2.b": (3,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
NUM_PARAMS = 43
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
        "dense1.W": (stream(seed, "dense1.W").standard_normal((6, 4)) * np.sqrt(2 / 6)).astype(
            DTYPE
        ),
        "dense1.b": np.zeros((4,), DTYPE),
        "dense2.W": (stream(seed, "dense2.W").uniform(-1, 1, (4, 3)) * np.sqrt(6 / (4 + 3))).astype(
            DTYPE
        ),
        "dense2.b": np.zeros((3,), DTYPE),
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


def erf(x: Array) -> Array:
    """The error function to 1e-15, by rational functions on four ranges (fdlibm, Sun 1993)."""
    a = np.abs(x)
    small, mid = np.minimum(a, 0.84375) ** 2, np.minimum(a, 1.25) - 1
    tail = np.clip(a, 1.25, 6)
    inner = x + x * ratio(
        small,
        (
            1.28379167095512558561e-01,
            -3.25042107247001499370e-01,
            -2.84817495755985104766e-02,
            -5.77027029648944159157e-03,
            -2.37630166566501626084e-05,
        ),
        (
            1,
            3.97917223959155352819e-01,
            6.50222499887672944485e-02,
            5.08130628187576562776e-03,
            1.32494738004321644526e-04,
            -3.96022827877536812320e-06,
        ),
    )
    middle = 8.45062911510467529297e-01 + ratio(
        mid,
        (
            -2.36211856075265944077e-03,
            4.14856118683748331666e-01,
            -3.72207876035701323847e-01,
            3.18346619901161753674e-01,
            -1.10894694282396677476e-01,
            3.54783043256182359371e-02,
            -2.16637559486879084300e-03,
        ),
        (
            1,
            1.06420880400844228286e-01,
            5.40397917702171048937e-01,
            7.18286544141962662868e-02,
            1.26171219808761642112e-01,
            1.36370839120290507362e-02,
            1.19844998467991074170e-02,
        ),
    )
    near = ratio(
        tail**-2,
        (
            -9.86494403484714822705e-03,
            -6.93858572707181764372e-01,
            -1.05586262253232909814e01,
            -6.23753324503260060396e01,
            -1.62396669462573470355e02,
            -1.84605092906711035994e02,
            -8.12874355063065934246e01,
            -9.81432934416914548592e00,
        ),
        (
            1,
            1.96512716674392571292e01,
            1.37657754143519042600e02,
            4.34565877475229228821e02,
            6.45387271733267880336e02,
            4.29008140027567833386e02,
            1.08635005541779435134e02,
            6.57024977031928170135e00,
            -6.04244152148580987438e-02,
        ),
    )
    far = ratio(
        tail**-2,
        (
            -9.86494292470009928597e-03,
            -7.99283237680523006574e-01,
            -1.77579549177547519889e01,
            -1.60636384855821916062e02,
            -6.37566443368389627722e02,
            -1.02509513161107724954e03,
            -4.83519191608651397019e02,
        ),
        (
            1,
            3.03380607434824582924e01,
            3.25792512996573918826e02,
            1.53672958608443695994e03,
            3.19985821950859553908e03,
            2.55305040643316442583e03,
            4.74528541206955367215e02,
            -2.24409524465858183362e01,
        ),
    )
    outer = 1 - np.exp(-tail * tail - 0.5625 + np.where(tail < 1 / 0.35, near, far)) / tail
    return np.where(a < 0.84375, inner, np.sign(x) * np.where(a < 1.25, middle, outer))


def ratio(x: Array, above: tuple[float, ...], below: tuple[float, ...]) -> Array:
    """The quotient of two polynomials, coefficients from the constant one up (Horner)."""
    p, q = np.full_like(x, above[-1]), np.full_like(x, below[-1])
    for coefficient in above[-2::-1]:
        p = p * x + coefficient
    for coefficient in below[-2::-1]:
        q = q * x + coefficient
    return p / q


def dropout_mask(
    shape: tuple[int, ...], rate: float, train: bool, rng: np.random.Generator | None
) -> Array:
    """0 with probability rate, else 1 / (1 - rate), so that the mean stays; ones outside training."""
    if not train or rng is None:
        return np.ones(shape, DTYPE)
    return (rng.random(shape) >= rate) / DTYPE.type(1 - rate)


# --- forward, loss, backward --------------------------------------------------------------


@quiet
def forward(
    params: Params,
    x: Any,
    cache: Cache | None = None,
    *,
    train: bool = False,
    rng: np.random.Generator | None = None,
) -> tuple[Any, Cache]:
    """y (B, T, 3) from x (B, T, 6), and the cache that loss and backward need."""
    params = as_params(params)
    x = as_rows("x", x, ("T", 6))
    check_random(train, rng)
    B = len(x)
    T = x.shape[1]

    # sequence.nn:2  dense 4 gelu
    # (B, T, 4)  z = x W + b
    dense1_z = (x.reshape(-1, 6) @ params["dense1.W"] + params["dense1.b"]).reshape(B, T, 4)
    dense1_Phi = 0.5 * (1 + erf(0.7071067811865476 * dense1_z))  # (B, T, 4)  Φ(z)
    dense1 = dense1_z * dense1_Phi  # (B, T, 4)  a = z Φ(z) = z/2 (1 + erf(z/√2))

    # sequence.nn:2  dropout 0.2
    dropout1_dropout_mask = dropout_mask(dense1.shape, 0.2, train, rng)  # (B, T, 4)
    dropout1 = dense1 * dropout1_dropout_mask  # (B, T, 4)  y = x · mask, the mask 0 or 1/(1 − p)

    # sequence.nn:2  dense 3
    # (B, T, 3)  z = x W + b
    y = (dropout1.reshape(-1, 4) @ params["dense2.W"] + params["dense2.b"]).reshape(B, T, 3)
    cache = {} if cache is None else cache
    cache.update(
        x=x,
        dense1_z=dense1_z,
        dense1_Phi=dense1_Phi,
        dropout1_dropout_mask=dropout1_dropout_mask,
        dropout1=dropout1,
        y=y,
    )
    return y, cache


@quiet
def loss(params: Params, cache: Cache, target: Any) -> float:
    """crossentropy, L = −Σ t·log softmax(z), mean over the rows."""
    y = cache["y"]
    B = len(y)
    T = y.shape[1]
    target = as_classes("target", target, (B, T, 3))
    # sequence.nn:2  loss crossentropy
    # L = −Σ t·log softmax(z), mean over the rows
    crossentropy_loss = np.sum(crossentropy(y, target)) / (B * T)
    return float(crossentropy_loss)


def losses(params: Params, cache: Cache, target: Any) -> dict[str, float]:
    """The parts of the loss by name."""
    return {"crossentropy": loss(params, cache, target)}


@quiet
def backward(params: Params, cache: Cache, target: Any, grads: Params | None = None) -> Params:
    """The gradient of the loss by every parameter; d_NAME is dL/dNAME."""
    params = as_params(params)
    x, dense1_z, dense1_Phi, dropout1_dropout_mask, dropout1, y = (
        cache["x"],
        cache["dense1_z"],
        cache["dense1_Phi"],
        cache["dropout1_dropout_mask"],
        cache["dropout1"],
        cache["y"],
    )
    B = len(x)
    T = x.shape[1]
    target = as_classes("target", target, (B, T, 3))
    # sequence.nn:2  loss crossentropy
    d_y = (softmax(y) - target) / (B * T)  # (B, T, 3)  dz = (softmax(z) − t) / (B*T)

    # sequence.nn:2  dense 3
    dense2_reshape = d_y.reshape(-1, 3)  # (B*T, 3)
    d_dense2_b = np.sum(dense2_reshape, axis=0)  # (3,)  db = Σ dz over the rows
    d_dense2_W = dropout1.reshape(-1, 4).T @ dense2_reshape  # (4, 3)  dW = xᵀ dz
    d_dropout1 = (dense2_reshape @ params["dense2.W"].T).reshape(B, T, 4)  # (B, T, 4)  dx = dz Wᵀ

    # sequence.nn:2  dropout 0.2
    d_dense1 = d_dropout1 * dropout1_dropout_mask  # (B, T, 4)  dx₁ = dy · x₂

    # sequence.nn:2  dense 4 gelu
    # (B, T, 4)  dz = da · (Φ + z φ), φ = exp(−z²/2) / √(2π)
    d_dense1_z = d_dense1 * (
        dense1_Phi + 0.3989422804014327 * dense1_z * np.exp(-0.5 * dense1_z**2)
    )
    dense1_reshape = d_dense1_z.reshape(-1, 4)  # (B*T, 4)
    d_dense1_b = np.sum(dense1_reshape, axis=0)  # (4,)  db = Σ dz over the rows
    d_dense1_W = x.reshape(-1, 6).T @ dense1_reshape  # (6, 4)  dW = xᵀ dz
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
    params: Params,
    x: Any,
    target: Any,
    opt: Optimizer,
    lr: float | None = None,
    *,
    rng: np.random.Generator | None = None,
) -> float:
    """Forward, loss, backward and one optimizer step; gives the loss before the step."""
    learning_rate(lr)  # refuse before computing anything
    _, cache = forward(params, x, train=True, rng=rng)
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
    rng: np.random.Generator | None = None,
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
        total += len(rows) * train_step(params, take(x, rows), take(target, rows), opt, lr, rng=rng)
    return total / len(order)


# --- using the trained network ------------------------------------------------------------


@quiet
def predict(params: Params, x: Any) -> Any:
    """y (B, T, 3) from x (B, T, 6); keeps nothing."""
    params = as_params(params)
    x = as_rows("x", x, ("T", 6))
    B = len(x)
    T = x.shape[1]

    # sequence.nn:2  dense 4 gelu
    # (B, T, 4)  z = x W + b
    dense1_z = (x.reshape(-1, 6) @ params["dense1.W"] + params["dense1.b"]).reshape(B, T, 4)
    dense1_Phi = 0.5 * (1 + erf(0.7071067811865476 * dense1_z))  # (B, T, 4)  Φ(z)
    dense1 = dense1_z * dense1_Phi  # (B, T, 4)  a = z Φ(z) = z/2 (1 + erf(z/√2))

    # sequence.nn:2  dense 3
    # (B, T, 3)  z = x W + b
    y = (dense1.reshape(-1, 4) @ params["dense2.W"] + params["dense2.b"]).reshape(B, T, 3)
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


def check_random(train: bool, rng: np.random.Generator | None) -> None:
    """Training draws random masks, so it needs a generator to draw them from."""
    if train and not isinstance(rng, np.random.Generator):
        raise ValueError(
            "rng: random layers need one in training, such as np.random.default_rng(0)"
        )


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
    B, T = 5, 6
    x: dict[str, Any] = {}
    x["x"] = rng.standard_normal((B, T, 6))
    target: dict[str, Any] = {}
    target["target"] = rng.integers(0, 3, (B, T))
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
        _, cache = forward(moved, x, train=True, rng=np.random.default_rng(1))
        return loss(moved, cache, target)

    _, cache = forward(params, x, train=True, rng=np.random.default_rng(1))
    grads = {n: np.array(a) for n, a in backward(params, cache, target).items()}
    largest = max(float(np.max(np.abs(a))) for a in (loss(params, cache, target), *grads.values()))
    start = time.perf_counter()
    forward(params, x, train=True, rng=np.random.default_rng(1))
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
