"""no_loss: a neural network in plain NumPy, written by nnc 0.1.0 from no_loss.nn.

    # forward and predict only
    input 3 -> poly 2 -> normalize mean=0.5 std=2 -> dense 2 prelu

An example, in the names of this module (elsewhere they come by `from MODULE import *`):

    rng = np.random.default_rng(0)
    B = 5
    x = rng.standard_normal((B, 3))

    params = init_params(seed=0)
    y = predict(params, x)

Every array has a row for each example first: B rows make a batch.
Compiled at -O1: every value has a planned array, written over where it is no longer needed;
`nnc compile -O0` gives the same functions as plain formulas.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import sys
import zipfile
import zlib
from operator import is_
from typing import Any

import numpy as np

NNC_VERSION = "0.1.0"
CONTRACT = 1
SPEC = (
    "# forward and predict only\ninput 3 -> poly 2 -> normalize mean=0.5 std=2 -> dense 2 prelu\n"
)
SPEC_SHA256 = "dcb14a92e5a78ff6f53e947854971f4c132fcb1ff63840c0d65f1f04b5a84afa"

DTYPE = np.dtype("float32")
INPUTS: dict[str, tuple[Any, ...]] = {"x": ("B", 3)}
OUTPUTS: dict[str, tuple[Any, ...]] = {"y": ("B", 2)}
TARGETS: dict[str, tuple[Any, ...]] = {}
PARAM_SHAPES: dict[str, tuple[int, ...]] = {
    "dense1.W": (9, 2),
    "dense1.b": (2,),
    "prelu1.a": (1,),
}
STATE_SHAPES: dict[str, tuple[int, ...]] = {}
NUM_PARAMS = 21
LOSSES: dict[str, str] = {}
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
            "dense1.W": (stream(seed, "dense1.W").standard_normal((9, 2)) * np.sqrt(2 / 9)).astype(
                DTYPE
            ),
            "dense1.b": np.zeros((2,), DTYPE),
            "prelu1.a": np.full((1,), 0.25, DTYPE),
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

    They lie one after the other, by rows.
    """
    views, start = Views(), 0
    for name, shape in PARAM_SHAPES.items():
        stop = start + int(np.prod(shape))
        views[name] = flat[start:stop].reshape(shape)
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


def leaky_relu(z: Array, slope: Any) -> Array:
    """z where positive, slope * z elsewhere."""
    return np.where(z > 0, z, slope * z)


# --- forward, loss, backward: the arithmetic ----------------------------------------------


class Cache:
    """The values that forward keeps for loss and backward, and buffers, for one batch size."""

    def __init__(self, B: int) -> None:
        self.B = B
        self.work1 = np.empty((B, 3, 3), DTYPE)
        self.work2 = np.empty((B, 9), DTYPE)  # normalize1
        self.work3 = np.empty((B, 2), DTYPE)  # dense1_z
        self.y = np.empty((B, 2), DTYPE)  # y


def _forward(params: Params, x: Array, c: Cache) -> Any:
    """y (B, 2) from x (B, 3); what backward needs stays in c.

    `out=` names the array that a value is written to; an operand's own array is written over
    where nothing needs the operand any more.
    """
    # no_loss.nn:2  poly 2
    work1 = np.power(x[..., None], np.arange(3, dtype=DTYPE), out=c.work1)  # (B, 3, 3)
    poly1 = work1.reshape(-1, 9)  # (B, 9)  y = x⁰, x¹, …, xᴺ of each feature

    # no_loss.nn:2  normalize mean=0.5 std=2
    normalize1 = np.subtract(poly1, 0.5, out=c.work2)  # (B, 9)
    normalize1 /= 2  # (B, 9)  y = (x − mean) / std

    # no_loss.nn:2  dense 2 prelu
    dense1_z = normalize1.dot(params["dense1.W"], out=c.work3)  # (B, 2)
    dense1_z += params["dense1.b"]  # (B, 2)  z = x W + b
    y = c.y  # (B, 2)  y = z where z > 0, else a z
    np.multiply(dense1_z, params["prelu1.a"], out=y)
    np.copyto(y, dense1_z, where=dense1_z > 0)
    return y


@quiet
def forward(params: Params, x: Any, cache: Cache | None = None) -> tuple[Any, Cache]:
    """y (B, 2) from x (B, 3), and the cache that loss and backward need."""
    x = as_rows("x", x, (3,))
    B = len(x)

    if cache is None or cache.B != B:
        cache = Cache(B)
    return _forward(as_params(params), x, cache), cache


# --- using the trained network ------------------------------------------------------------


@quiet
def predict(params: Params, x: Any) -> Any:
    """y (B, 2) from x (B, 3); keeps nothing."""
    params = as_params(params)
    x = as_rows("x", x, (3,))

    # no_loss.nn:2  poly 2
    work1 = x[..., None] ** np.arange(3, dtype=DTYPE)  # (B, 3, 3)
    poly1 = work1.reshape(-1, 9)  # (B, 9)  y = x⁰, x¹, …, xᴺ of each feature

    # no_loss.nn:2  normalize mean=0.5 std=2
    normalize1 = poly1 - 0.5  # (B, 9)
    normalize1 /= 2  # (B, 9)  y = (x − mean) / std

    # no_loss.nn:2  dense 2 prelu
    dense1_z = normalize1.dot(params["dense1.W"])  # (B, 2)
    dense1_z += params["dense1.b"]  # (B, 2)  z = x W + b
    y = leaky_relu(dense1_z, params["prelu1.a"])  # (B, 2)  y = z where z > 0, else a z
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


if __name__ == "__main__":
    print(f"{SPEC}\n{NUM_PARAMS} parameters; without a loss there is nothing to check")
    sys.exit(0)
