"""Constants, elementwise arithmetic, selection, sums and maxima."""

# NumPy has Any for what arithmetic on arrays of any kind gives.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

from math import erf as erf_of_one
from typing import Any

import numpy as np

from .registry import VALUES, Array, value

VALUES.update(
    add=np.add,
    sub=np.subtract,
    mul=np.multiply,
    div=np.divide,
    greater=np.greater,
    at_least=np.greater_equal,
    equal=np.equal,
    sign=np.sign,
    exp=np.exp,
    sin=np.sin,
    cos=np.cos,
    log=np.log,
    square=np.square,
    sqrt=np.sqrt,
    abs=np.abs,
    root=np.sqrt,
    select=np.where,
)


@value
def power(x: Array, *, exponent: float) -> Array:
    """x to a constant power."""
    return np.power(x, exponent)


@value
def stop(x: Array) -> Array:
    """x, whose gradient is zero."""
    return x


@value
def const(*, value: Any, shape: tuple[int, ...]) -> Array:
    """A constant, of that shape."""
    return np.broadcast_to(np.array(value, np.float64), shape)


@value
def zeros(*, shape: tuple[int, ...]) -> Array:
    """Zeros of that shape."""
    return np.zeros(shape)


@value
def ones(*, shape: tuple[int, ...]) -> Array:
    """Ones of that shape."""
    return np.ones(shape)


@value
def dropout_mask(x: Array, *, rate: float, name: str) -> Array:
    """The mask without random numbers: nothing is dropped or scaled."""
    return np.ones(x.shape)


@value
def gaussian_noise(x: Array, *, std: float, name: str) -> Array:
    """The noise without random numbers: zeros."""
    return np.zeros(x.shape)


@value
def maximum(*xs: Array) -> Array:
    """The largest of several arrays, entry by entry."""
    return np.stack(np.broadcast_arrays(*xs)).max(axis=0)


@value
def count_true(*xs: Array) -> Array:
    """The number of arrays in which an entry is true."""
    return np.stack(np.broadcast_arrays(*xs)).sum(axis=0).astype(np.float64)


@value
def inside(x: Array, *, low: float, high: float) -> Array:
    """Where low < x < high."""
    return (low < x) & (x < high)


@value
def clip(x: Array, *, low: float, high: float) -> Array:
    """x clamped to [low, high]."""
    return np.where(x < low, low, np.where(x > high, high, x))


@value
def scale(x: Array, *, factor: float, over: int) -> Array:
    """x · factor / over."""
    return x * (factor / over)


@value
def erf(x: Array) -> Array:
    """The error function, elementwise."""
    return np.array([erf_of_one(v) for v in x.ravel()]).reshape(x.shape)


@value
def bounded(x: Array) -> Array:
    """x with −inf replaced by the lowest finite number."""
    return np.where(x == -np.inf, np.finfo(np.float64).min, x)


@value
def as_real(x: Array) -> Array:
    """Integers or booleans as real numbers."""
    return x.astype(np.float64)


@value
def base_power(exponent: Array, *, base: float) -> Array:
    """A constant to the power of a number."""
    return np.power(base, exponent)


@value
def flush_denormals(x: Array) -> Array:
    """x unchanged: in float64 the flushed numbers are too small to matter."""
    return x


# --- sums, maxima, products ---------------------------------------------------------------


@value
def sum_(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """Σ over axes; without any, x itself."""
    return x.sum(axis=axes, keepdims=keepdims)


@value
def max_(x: Array, *, axes: tuple[int, ...], keepdims: bool) -> Array:
    """The largest entry along axes."""
    return x.max(axis=axes, keepdims=keepdims)


@value
def matmul(a: Array, b: Array) -> Array:
    """The product of two matrices."""
    return a @ b


@value
def column_sums(ones: Array, x: Array) -> Array:
    """Σ over the rows."""
    return x.sum(axis=0)


@value
def row_sums(x: Array, ones: Array) -> Array:
    """Σ over the columns, as one column."""
    return x.sum(axis=1, keepdims=True)


@value
def inner(a: Array, b: Array) -> Array:
    """Σ a·b over all entries."""
    return (a * b).sum()


@value
def grand_sum(x: Array) -> Array:
    """Σ over all entries."""
    return x.sum()
