"""Metrics of outputs and targets, over all rows and, in sequences, all positions.

Outputs are (B, C) or (B, T, C). Targets have the same shape; where they are classes they may also
be ids (B,) or (B, T). An output of width 1 distinguishes two classes, and its targets may be (B,)
or (B, T) too."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial

import numpy as np

from .module import Array, Shape

Metric = Callable[[Array, Array], float]


def classes_of(y: Array) -> Array:
    """Return the predicted class of each row (B,), or of each position (B, T).

    With several outputs, it is the index of the largest. A single output is a probability, where
    class 1 begins at 0.5, or, where any value lies outside 0…1, a logit (or a score of −1 and 1),
    where class 1 begins at 0."""
    if y.shape[-1] > 1:
        best: Array = np.argmax(y, axis=-1)
        return best
    one = y[..., 0]
    is_probability = one.min() >= 0 and one.max() <= 1
    return (one >= (0.5 if is_probability else 0.0)).astype(np.int64)


def true_classes(y: Array, target: Array) -> Array:
    """Return the class ids that targets denote, given the outputs."""
    if y.shape[-1] > 1 and target.shape == y.shape[:-1]:
        return target.astype(np.int64)
    return classes_of(aligned(y, target))


def aligned(y: Array, target: Array) -> Array:
    """Return targets in the shape of the outputs; a last axis of size 1 may be missing.

    Raises ValueError where the shapes differ otherwise."""
    if y.shape[-1] == 1 and target.shape == y.shape[:-1]:
        target = target[..., None]
    if target.shape != y.shape:
        raise ValueError(f"targets of shape {target.shape} do not fit outputs of shape {y.shape}")
    return target


def predicted_classes(y: Array, target: Array) -> Array:
    """Return the predicted classes; a single output with targets of −1 and 1 is a score."""
    if y.shape[-1] == 1 and target.size and target.min() < 0:
        return (y[..., 0] >= 0).astype(np.int64)
    return classes_of(y)


def accuracy(y: Array, target: Array) -> float:
    """Return the share of rows whose predicted class is right."""
    return float(np.mean(predicted_classes(y, target) == true_classes(y, target)))


def top_k(y: Array, target: Array, k: int = 5) -> float:
    """Return the share of rows whose class is among the k largest outputs.

    A single output distinguishes two classes."""
    if y.shape[-1] == 1:
        return accuracy(y, target) if k == 1 else 1.0
    best = np.argsort(-y, axis=-1, kind="stable")[..., :k]
    return float(np.mean((best == true_classes(y, target)[..., None]).any(axis=-1)))


def confusion(y: Array, target: Array) -> Array:
    """Return counts (C, C): rows are the true classes, columns the predicted ones."""
    predicted, true = predicted_classes(y, target).ravel(), true_classes(y, target).ravel()
    classes = max(2, y.shape[-1])
    counts = np.bincount(true * classes + predicted, minlength=classes * classes)
    return counts.reshape(classes, classes)


def precision(y: Array, target: Array) -> float:
    """Return the precision, TP / (TP + FP); see `_per_class`."""
    return _per_class(y, target, lambda tp, said, true: _ratio(tp, said))


def recall(y: Array, target: Array) -> float:
    """Return the recall, TP / (TP + FN); see `_per_class`."""
    return _per_class(y, target, lambda tp, said, true: _ratio(tp, true))


def f1(y: Array, target: Array) -> float:
    """Return the harmonic mean of precision and recall, 2TP / (2TP + FP + FN); see `_per_class`."""
    return _per_class(y, target, lambda tp, said, true: _ratio(2 * tp, said + true))


def _per_class(y: Array, target: Array, score: Callable[[Array, Array, Array], Array]) -> float:
    """Return the score of class 1 for two classes, or the macro mean over more classes."""
    counts = confusion(y, target)
    scores = score(np.diag(counts), counts.sum(axis=0), counts.sum(axis=1))
    return float(scores[1] if len(counts) == 2 else scores.mean())


def _ratio(part: Array, whole: Array) -> Array:
    """Return part / whole, and 0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def mae(y: Array, target: Array) -> float:
    """Return the mean absolute error over all elements."""
    return float(np.mean(np.abs(y - aligned(y, target)), dtype=np.float64))


def rmse(y: Array, target: Array) -> float:
    """Return the root of the mean squared error over all elements."""
    return float(np.sqrt(np.mean(np.square(y - aligned(y, target), dtype=np.float64))))


def r2(y: Array, target: Array) -> float:
    """Return the coefficient of determination, 1 − SSE / SST, summed over all features.

    SST is the squared distance from the mean of each feature."""
    target = aligned(y, target)
    error = np.square(y - target, dtype=np.float64).sum()
    mean = target.mean(axis=tuple(range(y.ndim - 1)), dtype=np.float64)
    spread = np.square(target - mean, dtype=np.float64).sum()
    return float(1 - error / spread) if spread else float("nan")


OF_CLASSES: dict[str, Metric] = {
    metric.__name__: metric for metric in (accuracy, top_k, precision, recall, f1)
}
OF_NUMBERS: dict[str, Metric] = {metric.__name__: metric for metric in (mae, rmse, r2)}
METRICS = OF_CLASSES | OF_NUMBERS
"""Every metric that is one number, by name."""


def metric_named(label: str) -> Metric | None:
    """Return the metric of a METRICS entry, such as `f1` or `top_k(3)`; None for others."""
    name, _, k = label.rstrip(")").partition("(")
    found = METRICS.get(name)
    if found is top_k and re.fullmatch(r"\d+", k):
        return partial(top_k, k=int(k))
    return found


def is_of_classes(label: str) -> bool:
    """Return whether a metric compares classes rather than numbers."""
    return label.partition("(")[0] in OF_CLASSES


def are_classes(shape: Shape, target: Array) -> bool:
    """Return whether targets for an output of this shape denote one class each.

    They do as class ids, as one-hot rows (of 1 and 0, or 1 and −1), and for an output of width 1 as
    a column of 0 and 1 (or −1 and 1)."""
    pairs = ((0, 1), (-1, 1))
    if shape[-1] == 1:
        return any(bool(np.isin(target, pair).all()) for pair in pairs)
    if target.ndim == len(shape) - 1:
        return True
    return any(
        bool(np.isin(target, pair).all() and ((target == 1).sum(axis=-1) == 1).all())
        for pair in pairs
    )
