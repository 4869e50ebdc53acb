"""Metrics from predictions and targets; classes may be ids (B,) or one-hot rows (B, C)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .module import Array

Metric = Callable[[Array, Array], float]


def classes_of(y: Array) -> Array:
    """The class each row speaks for (B,).

    The largest of several outputs; one output is a probability that means class 1 from 0.5
    on, or, where any value leaves 0…1, a logit that means it from 0 on.
    """
    if y.ndim == 1 and y.dtype.kind in "iub":
        return y
    if y.ndim > 1 and y.shape[-1] > 1:
        best: Array = np.argmax(y, axis=-1)
        return best
    flat = y.reshape(len(y))
    is_probability = flat.min() >= 0 and flat.max() <= 1
    return (flat >= (0.5 if is_probability else 0.0)).astype(np.int64)


def accuracy(y: Array, target: Array) -> float:
    """Share of rows whose class is right."""
    return float(np.mean(classes_of(y) == classes_of(target)))


def top_k(y: Array, target: Array, k: int = 5) -> float:
    """Share of rows whose class is among the k largest outputs."""
    best = np.argsort(-y, axis=-1, kind="stable")[:, :k]
    return float(np.mean((best == classes_of(target)[:, None]).any(axis=-1)))


def confusion(y: Array, target: Array) -> Array:
    """Counts (C, C): rows are the true classes, columns the predicted ones."""
    predicted, true = classes_of(y), classes_of(target)
    wide = y.shape[-1] if y.ndim > 1 else 0
    classes = max(2, wide, int(predicted.max()) + 1, int(true.max()) + 1)
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def precision(y: Array, target: Array) -> float:
    """Of what was called a class, the share that was: TP / (TP + FP), see `_per_class`."""
    return _per_class(y, target, lambda tp, said, true: _ratio(tp, said))


def recall(y: Array, target: Array) -> float:
    """Of what was a class, the share called so: TP / (TP + FN), see `_per_class`."""
    return _per_class(y, target, lambda tp, said, true: _ratio(tp, true))


def f1(y: Array, target: Array) -> float:
    """Harmonic mean of precision and recall: 2TP / (2TP + FP + FN), see `_per_class`."""
    return _per_class(y, target, lambda tp, said, true: _ratio(2 * tp, said + true))


def _per_class(y: Array, target: Array, score: Callable[[Array, Array, Array], Array]) -> float:
    """Of two classes the score of class 1, of more the plain mean over the classes."""
    counts = confusion(y, target)
    scores = score(np.diag(counts), counts.sum(axis=0), counts.sum(axis=1))
    return float(scores[1] if len(counts) == 2 else scores.mean())


def _ratio(part: Array, whole: Array) -> Array:
    """part / whole, and 0 where there is nothing to divide by."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def mae(y: Array, target: Array) -> float:
    """Mean absolute error over all elements."""
    return float(np.mean(np.abs(y - target)))


def rmse(y: Array, target: Array) -> float:
    """Root of the mean squared error over all elements."""
    return float(np.sqrt(np.mean(np.square(y - target, dtype=np.float64))))


def r2(y: Array, target: Array) -> float:
    """1 − (squared error) / (squared distance from each output's mean)."""
    error = np.square(y - target, dtype=np.float64).sum()
    spread = np.square(target - target.mean(axis=0), dtype=np.float64).sum()
    return float(1 - error / spread) if spread else float("nan")


METRICS: dict[str, Metric] = {
    metric.__name__: metric for metric in (accuracy, top_k, precision, recall, f1, mae, rmse, r2)
}
"""Every metric that is one number, by name."""
