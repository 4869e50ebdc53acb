"""Interpretation of a classifier's outputs: probabilities, scores, the class of a row."""

from __future__ import annotations

import numpy as np

from .network import Array, Network


def probabilities(net: Network, y: Array) -> Array:
    """Return rows (n, classes) that sum to 1, from the outputs (n, classes) or (n, 1)."""
    y = y.astype(np.float64)
    if net.link == "sigmoid":
        y = 0.5 * (1 + np.tanh(0.5 * y)) if net.logits else y
    elif net.logits or net.link == "log_softmax":
        y = np.exp(y - y.max(axis=1, keepdims=True))
    if net.width == 1:
        return np.hstack([1 - y, y])
    sums = y.sum(axis=1, keepdims=True)
    shares: Array = np.divide(y, sums, out=np.full_like(y, 1 / net.width), where=sums > 0)
    return shares


def scores(net: Network, y: Array) -> Array:
    """Return a score for each class, (n, classes); for two classes only that of the second, (n,).

    The second class is predicted if its score is above 0."""
    if net.width == 1:
        between = 0.0 if net.loss == "hinge" else 0.5
        own: Array = y[:, 0] - between
        return own
    return y[:, 1] - y[:, 0] if net.width == 2 else y


def chosen(net: Network, y: Array) -> Array:
    """Return the index of the class of each row, (n,)."""
    ranked = probabilities(net, y) if net.probable else scores(net, y)
    numbers: Array = ranked.argmax(axis=1) if ranked.ndim == 2 else (ranked > 0).astype(np.int64)
    return numbers
