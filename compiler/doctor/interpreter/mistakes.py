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
