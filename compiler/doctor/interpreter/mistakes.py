"""Ops that no right program has: what mistakes do to arrays."""

# NumPy has Any for what arithmetic on arrays of any kind gives.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from .registry import Array, mistake


@mistake
def truncated(x: Array) -> Array:
    """x cut off to whole numbers, as by an array of integers."""
    return np.trunc(x)


@mistake
def rows_at(x: Array, *, rows: tuple[int, ...]) -> Array:
    """Rows in another order, or some of them several times."""
    return x[list(rows)]


@mistake
def rolled(x: Array, *, by: int) -> Array:
    """The entries of every row moved round."""
    return np.roll(x, by, axis=-1)


@mistake
def turned(x: Array) -> Array:
    """The transpose; of a vector a column."""
    return x[:, None] if x.ndim == 1 else x.T


@mistake
def class_ids(target: Array, *, first: int) -> Array:
    """The class of every row in a column, of rows with a 1 each."""
    return target.argmax(axis=-1)[:, None] + float(first)


@mistake
def total(x: Array, *, mean: bool, filled: int) -> Array:
    """One number of all entries, in every place of a vector where `filled` is its length."""
    one = x.mean() if mean else x.sum()
    return np.full(filled, one) if filled else np.asarray(one)


@mistake
def naive_softmax(z: Array, *, single: bool) -> Array:
    """exp z / Σ exp z, which overflows."""
    e = np.exp(z.astype(np.float32 if single else np.float64))
    return (e / e.sum(axis=-1, keepdims=True)).astype(np.float64)


@mistake
def naive_crossentropy(y: Array, t: Array, *, single: bool) -> Array:
    """−Σ t log y by rows, in which 0 · log 0 is no number."""
    kind = np.float32 if single else np.float64
    return -(t.astype(kind) * np.log(y.astype(kind))).sum(axis=-1).astype(np.float64)


@mistake
def naive_bce(y: Array, t: Array, *, single: bool) -> Array:
    """−t log y − (1 − t) log (1 − y), entry by entry."""
    kind = np.float32 if single else np.float64
    y, t = y.astype(kind), t.astype(kind)
    return -(t * np.log(y) + (1 - t) * np.log(1 - y)).astype(np.float64)


@mistake
def reshaped_turned(w: Array, *, turned: bool) -> Array:
    """W reshaped to the shape of its transpose; `turned` where it is kept as its transpose."""
    return w.T.reshape(w.shape).T if turned else w.reshape(w.shape[::-1])


@mistake
def columns_up_to(w: Array, *, count: int) -> Array:
    """The first columns."""
    return w[:, :count]


@mistake
def softmax_along(z: Array, *, axis: int | None) -> Array:
    """A softmax along another axis than that of the classes, or over all entries."""
    e = np.exp(z - z.max())
    return e / e.sum(axis=axis, keepdims=True)


@mistake
def hard(y: Array) -> Array:
    """What is predicted: 1 for the largest of a row, or for what is above a half; else 0."""
    if y.shape[-1] == 1:
        return (y > 0.5).astype(np.float64)
    return (y == y.max(axis=-1, keepdims=True)).astype(np.float64)
