"""Biases appended to the weights, for a constant input of 1 or −1."""

from __future__ import annotations

import numpy as np

from ..interpreter import Array
from .layout import Folded


def split(weights: Array, fold: Folded) -> tuple[Array, Array]:
    """Split weights (in + 1, out), or their gradient, into weights (in, out) and bias (out,)."""
    rows = weights[1:] if fold.first else weights[:-1]
    return rows, fold.sign * weights[0 if fold.first else -1]


def without_constant(rows: Array, fold: Folded) -> Array | None:
    """Return rows without the column of the constant input; None if there is no such column."""
    column = rows[:, 0 if fold.first else -1]
    if not np.array_equal(column, np.full_like(column, fold.sign)):
        return None
    return rows[:, 1:] if fold.first else rows[:, :-1]


def without_unit(rows: Array, fold: Folded) -> Array:
    """Return the gradient of rows without the column of the constant input."""
    return rows[:, 1:] if fold.first else rows[:, :-1]
