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

Metric = Callable[..., float]
"""A function of outputs, targets and, if not all rows count the same, weights in the targets' shape."""


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


def of_rows(y: Array, weights: Array | None) -> Array | None:
    """Return one weight for every class that is predicted, from weights in the targets' shape."""
    if weights is None:
        return None
    return weights if weights.ndim < y.ndim else weights[..., 0]


def of_numbers(y: Array, weights: Array | None) -> Array:
    """Return one weight for every number of the outputs, from weights in the targets' shape."""
    if weights is None:
        return np.ones((1,) * y.ndim)
    return np.broadcast_to(weights[..., None] if weights.ndim < y.ndim else weights, y.shape)


def accuracy(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the share of rows whose predicted class is right."""
    right = predicted_classes(y, target) == true_classes(y, target)
    return float(np.average(right, weights=of_rows(y, weights)))


def top_k(y: Array, target: Array, weights: Array | None = None, k: int = 5) -> float:
    """Return the share of rows whose class is among the k largest outputs.

    A single output distinguishes two classes."""
    if y.shape[-1] == 1:
        return accuracy(y, target, weights) if k == 1 else 1.0
    best = np.argsort(-y, axis=-1, kind="stable")[..., :k]
    hit = (best == true_classes(y, target)[..., None]).any(axis=-1)
    return float(np.average(hit, weights=of_rows(y, weights)))


def confusion(y: Array, target: Array, weights: Array | None = None) -> Array:
    """Return counts (C, C), or sums of weights: rows are the true classes, columns the predicted."""
    predicted, true = predicted_classes(y, target).ravel(), true_classes(y, target).ravel()
    classes, each = max(2, y.shape[-1]), of_rows(y, weights)
    pairs = true * classes + predicted
    counts = np.bincount(pairs, None if each is None else each.ravel(), classes * classes)
    return counts.reshape(classes, classes)


def precision(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the precision, TP / (TP + FP); see `_per_class`."""
    return _per_class(y, target, weights, lambda tp, said, true: _ratio(tp, said))


def recall(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the recall, TP / (TP + FN); see `_per_class`."""
    return _per_class(y, target, weights, lambda tp, said, true: _ratio(tp, true))


def f1(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the harmonic mean of precision and recall, 2TP / (2TP + FP + FN); see `_per_class`."""
    return _per_class(y, target, weights, lambda tp, said, true: _ratio(2 * tp, said + true))


def _per_class(
    y: Array,
    target: Array,
    weights: Array | None,
    score: Callable[[Array, Array, Array], Array],
) -> float:
    """Return the score of class 1 for two classes, or the macro mean over more classes."""
    counts = confusion(y, target, weights)
    scores = score(np.diag(counts), counts.sum(axis=0), counts.sum(axis=1))
    return float(scores[1] if len(counts) == 2 else scores.mean())


def _ratio(part: Array, whole: Array) -> Array:
    """Return part / whole, and 0 where whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def mae(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the mean absolute error over all elements."""
    return _mean(np.abs(y - aligned(y, target)), of_numbers(y, weights))


def rmse(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the root of the mean squared error over all elements."""
    errors = np.square(y - aligned(y, target), dtype=np.float64)
    return float(np.sqrt(_mean(errors, of_numbers(y, weights))))


def _mean(each: Array, weights: Array) -> float:
    """Return the weighted mean over all elements."""
    count = each.size if weights.size == 1 else np.sum(weights, dtype=np.float64)
    return float(np.sum(each * weights, dtype=np.float64) / count)


def r2(y: Array, target: Array, weights: Array | None = None) -> float:
    """Return the coefficient of determination, 1 − SSE / SST, summed over all features.

    SST is the squared distance from the mean of each feature."""
    target = aligned(y, target)
    each = np.broadcast_to(of_numbers(y, weights), y.shape)
    error = np.sum(each * np.square(y - target, dtype=np.float64))
    mean = np.average(target.astype(np.float64), axis=tuple(range(y.ndim - 1)), weights=each)
    spread = np.sum(each * np.square(target - mean))
    return float(1 - error / spread) if spread else float("nan")


OF_CLASSES: dict[str, Metric] = {
    metric.__name__: metric for metric in (accuracy, top_k, precision, recall, f1)
}
OF_NUMBERS: dict[str, Metric] = {metric.__name__: metric for metric in (mae, rmse, r2)}
METRICS = OF_CLASSES | OF_NUMBERS
"""Every metric that is one number, by name."""


def metric_named(label: str) -> Metric | None:
    """Return the metric of a METRICS entry, such as `f1`, `top_k(3)` or `f1 on y`; None for others."""
    name, _, k = split_label(label)[0].rstrip(")").partition("(")
    found = METRICS.get(name)
    if found is top_k and re.fullmatch(r"\d+", k):
        return partial(top_k, k=int(k))
    return found


def is_of_classes(label: str) -> bool:
    """Return whether a metric compares classes rather than numbers."""
    return split_label(label)[0].partition("(")[0] in OF_CLASSES


def split_label(label: str) -> tuple[str, str]:
    """Return the metric of a METRICS entry, and the output that it is restricted to (or ``""``)."""
    metric, _, output = label.partition(" on ")
    return metric, output


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
