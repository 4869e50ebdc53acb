"""Weights of rows in training: which rows count, and how much some of them count together."""

from __future__ import annotations

import numpy as np

from .dataset import DataError, Dataset
from .module import Array, Module


def weights_of(data: Dataset, module: Module) -> Array | None:
    """The weights that a module takes of these rows; None where all count the same."""
    return data.weights if module.TRAIN.get("weights") == "rows" else None


def counting(data: Dataset, weights: Array | None) -> Array | None:
    """The numbers of the rows that count; None for all. Raises DataError where none does."""
    if weights is None:
        return None
    rows = np.flatnonzero(weights)
    if not len(rows):
        raise DataError(f"{data.name}: every row has weight 0")
    return rows if len(rows) < len(data) else None


def amount(weights: Array | None, rows: Array | slice) -> float:
    """By how much rows count in a mean: the sum of their weights, or their number."""
    if weights is not None:
        return float(np.sum(weights[rows], dtype=np.float64))
    return float(rows.stop - rows.start if isinstance(rows, slice) else len(rows))
