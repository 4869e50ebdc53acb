"""Operators of the ML domain, which converters of scikit-learn write."""

from __future__ import annotations

import numpy as np
from onnx import NodeProto

from ..faults import Unsupported
from ..network import Array, attributes
from ..translation import Translation, numbers_text, reads

LAST = {"NONE": "", "SOFTMAX": "softmax", "LOGISTIC": "sigmoid"}
"""The activation of a linear model, by the name of its post-transform."""


@reads("LinearClassifier", "LinearRegressor")
def _linear(t: Translation, node: NodeProto) -> None:
    """x W + b; the second output of a classifier is its scores, the first, its classes, is omitted."""
    a = attributes(node)
    last = a.get("post_transform", "NONE")
    last = last.decode() if isinstance(last, bytes) else last
    if last not in LAST:
        raise Unsupported(f"the post-transform {last}")
    stage = t.plain(node.input[0])
    row = t.stages[stage].shape
    w = _weights(a["coefficients"], int(row[-1]))
    b = np.asarray(a.get("intercepts") or np.zeros(w.shape[1]), np.float32)
    made = t.stage(f"dense {w.shape[1]}", [stage], (int(w.shape[1]),), W=w, b=b)
    t.stages[made].activation = LAST[last]
    t.give(node.output[-1], made)


def _weights(coefficients: list[float], features: int) -> Array:
    return np.asarray(coefficients, np.float32).reshape(-1, features).T


@reads("Normalizer")
def _normalizer(t: Translation, node: NodeProto) -> None:
    """Division by the sum; omitted for a softmax and for two complementary probabilities."""
    view = t.view(node.input[0])
    stage = t.stages[view.stage]
    last = (stage.activation or stage.text).split()[-1]
    opposite = last == "sigmoid" and _is_opposite(stage.weights.get("W"))
    if attributes(node).get("norm") != "L1" or not (last == "softmax" or opposite):
        raise Unsupported("it divides rows by their size", "train the network with softmax")
    t.give(node.output[0], view.stage, view.form)


def _is_opposite(w: Array | None) -> bool:
    """Return whether there are two classes with opposite scores, whose sigmoids sum to 1."""
    return w is not None and w.shape[1] == 2 and np.allclose(w[:, 0], -w[:, 1])


@reads("Scaler")
def _scaler(t: Translation, node: NodeProto) -> None:
    """(x − offset) · scale, as `normalize`."""
    a = attributes(node)
    offset, scale = (np.asarray(a[name], np.float32) for name in ("offset", "scale"))
    stage = t.plain(node.input[0])
    text = f"normalize mean={numbers_text(offset)} std={numbers_text(1 / scale)}"
    t.give(node.output[0], t.stage(text, [stage], t.stages[stage].shape))
