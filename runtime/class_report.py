"""Per-class scores of a classifier, and the calibration of its probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .module import Array


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The scores of one class, and the number of its true rows.

    Precision is TP/(TP+FP), recall TP/(TP+FN), f1 2TP/(2TP+FP+FN). A score is None where the
    denominator is zero: precision of a class that was never predicted, recall of a class without
    rows."""

    name: str
    precision: float | None
    recall: float | None
    f1: float | None
    rows: int


@dataclass(frozen=True, slots=True)
class Bin:
    """The rows whose confidence (probability of the predicted class) is in (`low`, `high`]."""

    low: float
    high: float
    rows: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Mean confidence and accuracy, overall and by bins of confidence.

    `error` is the expected calibration error: Σ over bins of (rows/N)·|accuracy − confidence|, with
    bins of equal width (Guo et al. 2017, "On Calibration of Modern Neural Networks")."""

    error: float
    confidence: float
    accuracy: float
    bins: tuple[Bin, ...]


def class_scores(counts: Array, names: Sequence[str]) -> tuple[ClassScore, ...]:
    """Return the scores of each class from counts (C, C) of true (rows) against predicted ones."""
    hit, said, true = np.diag(counts), counts.sum(axis=0), counts.sum(axis=1)
    return tuple(
        ClassScore(
            name,
            _share(hit[i], said[i]),
            _share(hit[i], true[i]),
            _share(2 * hit[i], said[i] + true[i]),
            int(true[i]),
        )
        for i, name in enumerate(names)
    )


def calibration(shares: Array, ids: Array, bins: int = 10) -> Calibration:
    """Return the calibration of class probabilities (N, C) against the true class ids (N,)."""
    best = shares.argmax(axis=-1)
    confidence, right = shares.max(axis=-1), best == ids
    # The first bin has no bin below it, so it includes a confidence of 0.
    place = np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1)
    found = tuple(
        Bin(
            i / bins,
            (i + 1) / bins,
            int(inside.sum()),
            float(confidence[inside].mean()),
            float(right[inside].mean()),
        )
        for i in range(bins)
        if (inside := place == i).any()
    )
    error = sum(b.rows * abs(b.accuracy - b.confidence) for b in found) / len(ids)
    return Calibration(error, float(confidence.mean()), float(right.mean()), found)


def _share(part: float, whole: float) -> float | None:
    return float(part / whole) if whole else None
