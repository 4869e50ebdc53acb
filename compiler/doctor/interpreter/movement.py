"""Ops that rearrange entries: shapes, slices, rows of tables, steps of padded rows."""

# NumPy has Any for what arithmetic on arrays of any kind gives.
# mypy: disable-error-code="no-any-return"

from __future__ import annotations

import numpy as np

from .registry import Array, value


@value
def reshape(x: Array, *, shape: tuple[int, ...]) -> Array:
    """The same entries, in the same order, in another shape."""
    return x.reshape(shape)


@value
def transpose(x: Array, *, perm: tuple[int, ...]) -> Array:
    """Axis i of the result is axis perm[i] of x."""
    return x.transpose(perm)


@value
def broadcast(x: Array, *, shape: tuple[int, ...]) -> Array:
    """x repeated along axes of size 1, to that shape."""
    return np.broadcast_to(x, shape)


@value
def concat(*xs: Array, axis: int) -> Array:
    """The arrays concatenated along an axis."""
    return np.concatenate(xs, axis=axis)


@value
def slice_(x: Array, *, axis: int, start: int, stop: int) -> Array:
    """Entries start ≤ i < stop along an axis."""
    return x.take(range(start, stop), axis=axis)


@value
def embed(x: Array, *, axis: int, start: int, size: int) -> Array:
    """x with zeros before and after it along an axis, which then has that size."""
    pads = [(0, 0)] * x.ndim
    pads[axis] = (start, size - start - x.shape[axis])
    return np.pad(x, pads)


@value
def powers(x: Array, *, degree: int) -> Array:
    """x⁰ … x^degree along a new last axis."""
    return np.stack([x**k for k in range(degree + 1)], axis=-1)


@value
def copied(x: Array) -> Array:
    """x."""
    return x


@value
def states_of(tape: Array, *, size: int) -> Array:
    """The states of a recurrent tape: its last columns."""
    return tape[:, :, -size:]


@value
def cells_of(tape: Array, *, size: int) -> Array:
    """The cells of an LSTM's tape, c = f c + i g."""
    i, f, g, _, before = np.split(tape[:, :, : 5 * size], 5, axis=2)
    return f * before + i * g


@value
def states_before(tape: Array, *, size: int) -> Array:
    """The states before each step: the columns in front of the states."""
    return tape[:, :, -2 * size : -size]


# --- rows of a table ----------------------------------------------------------------------


@value
def take_rows(table: Array, ids: Array) -> Array:
    """The table row of each id."""
    return table[ids]


@value
def add_rows(rows: Array, ids: Array, *, count: int) -> Array:
    """A table to which each row is added at its id."""
    table = np.zeros((count, rows.shape[-1]))
    np.add.at(table, ids, rows)
    return table


@value
def offset_ids(ids: Array, *, count: int) -> Array:
    """Ids into a separate table for each row of a batch."""
    return np.stack([row + count * i for i, row in enumerate(ids)])


# --- padded rows --------------------------------------------------------------------------


def has_data(shape: tuple[int, ...], lengths: Array, axis: int) -> Array:
    """A mask of the entries whose index along an axis is less than the row's length."""
    steps = np.indices(shape, sparse=True)
    return np.broadcast_to(steps[axis] < lengths[steps[0]], shape)


@value
def mask_steps(x: Array, lengths: Array, *, axis: int) -> Array:
    """x with padding set to zero."""
    return np.where(has_data(x.shape, lengths, axis), x, np.zeros((), x.dtype))


@value
def exclude_steps(x: Array, lengths: Array, *, axis: int) -> Array:
    """x with padding set to −inf."""
    return np.where(has_data(x.shape, lengths, axis), x, -np.inf)


@value
def count_steps(lengths: Array) -> Array:
    """The number of positions with data."""
    return np.array(lengths.sum(), np.float64)


@value
def window_lengths(lengths: Array, *, kernel: int, stride: int, pad: int) -> Array:
    """The number of windows that fit in each padded row."""
    return (lengths + pad - kernel) // stride + 1


@value
def stretched_lengths(lengths: Array, *, kernel: int, stride: int, pad: int) -> Array:
    """The lengths for which `window_lengths` gives these numbers of windows."""
    return (lengths - 1) * stride + kernel - pad


@value
def equal_lengths(first: Array, second: Array) -> Array:
    """The lengths of merged rows, which must be equal."""
    if (first != second).any():
        raise ValueError("rows that are put together are not equally long")
    return first


@value
def last_step(h: Array, lengths: Array) -> Array:
    """The state at each row's last step."""
    return np.stack([row[n - 1] for row, n in zip(h, lengths, strict=True)])


@value
def at_last_step(g: Array, lengths: Array, *, steps: int) -> Array:
    """Zeros, with g at each row's last step."""
    spread = np.zeros((g.shape[0], steps, g.shape[1]))
    for i, n in enumerate(lengths):
        spread[i, n - 1] = g[i]
    return spread
