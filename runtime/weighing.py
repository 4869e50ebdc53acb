"""Weights of rows in training: the rows that count, and the total weight of some rows."""

from __future__ import annotations

import numpy as np

from .dataset import DataError, Dataset
from .module import Array, Module


def weights_of(data: Dataset, module: Module) -> Array | None:
    """Return the weights (N,) that a module takes of these rows; None for equal weights."""
    return data.weights if module.TRAIN.get("weights") == "rows" else None


def counting(data: Dataset, weights: Array | None) -> Array | None:
    """Return the indices of rows with weight; None for all.

    Raises DataError where there are none."""
    if weights is None:
        return None
    rows = np.flatnonzero(weights)
    if not len(rows):
        raise DataError(f"{data.name}: every row has weight 0")
    return rows if len(rows) < len(data) else None


def amount(weights: Array | None, rows: Array | slice) -> float:
    """Return the weight of rows in a mean: the sum of their weights, or their number."""
    if weights is not None:
        return float(np.sum(weights[rows], dtype=np.float64))
    return float(rows.stop - rows.start if isinstance(rows, slice) else len(rows))
