"""Normalisation: the norms of ONNX where they fit, else statistics and their application."""

from __future__ import annotations

from ...ir.op_graph import Node
from ..emitter import Emitter
from ..registry import rule


@rule("layer_norm")
def _layer_normalization(e: Emitter, n: Node) -> str:
    """Over the last axis; without a gain, ones."""
    x, *weights = e.operands(n)
    if not weights:
        weights = [e.add("Expand", e.constant(1.0), e.shape(n.type.shape[-1:]))]
    return e.add("LayerNormalization", x, *weights, axis=-1, epsilon=n.real("eps"))


@rule("batch_norm")
def _batch_normalization(e: Emitter, n: Node) -> str:
    return e.add("BatchNormalization", *e.operands(n), epsilon=n.real("eps"))


@rule("row_stats")
def _row_stats(e: Emitter, n: Node) -> str:
    """The mean of each row and the reciprocal of its standard deviation, stacked."""
    (x,) = e.operands(n)
    last = e.whole(-1)
    mean = e.add("ReduceMean", x, last)
    free = e.add("Sub", x, mean)
    variance = e.add("ReduceMean", e.add("Mul", free, free), last)
    return _stacked(e, mean, variance, n.real("eps"))


@rule("running_stats")
def _running_stats(e: Emitter, n: Node) -> str:
    mean, variance = e.operands(n)
    return _stacked(e, mean, variance, n.real("eps"))


def _stacked(e: Emitter, mean: str, variance: str, eps: float) -> str:
    root = e.add("Sqrt", e.add("Add", variance, e.constant(eps)))
    first = e.whole(0)
    both = [e.add("Unsqueeze", v, first) for v in (mean, e.add("Reciprocal", root))]
    return e.add("Concat", *both, axis=0)


@rule("standardized")
def _standardized(e: Emitter, n: Node) -> str:
    """(x − mean) / deviation."""
    x, stats = e.operands(n)[:2]
    mean, over = (e.add("Gather", stats, e.constant(i, "int64"), axis=0) for i in (0, 1))
    return e.add("Mul", e.add("Sub", x, mean), over)


@rule("rms_scale")
def _rms_scale(e: Emitter, n: Node) -> str:
    """1 / √(mean x² + ε) over the last axis."""
    (x,) = e.operands(n)
    mean = e.add("ReduceMean", e.add("Mul", x, x), e.whole(-1))
    root = e.add("Sqrt", e.add("Add", mean, e.constant(n.real("eps"))))
    return e.add("Reciprocal", root)


@rule("rms_normalized")
def _rms_normalized(e: Emitter, n: Node) -> str:
    return e.add("Mul", *e.operands(n))
