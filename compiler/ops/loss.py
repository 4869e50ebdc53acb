"""The ops of losses, each numerically stable and with its textbook gradient."""

from __future__ import annotations

from ..ir.types import TensorType
from .elementwise import broadcast_type, scale, unary
from .registry import Attrs, Gradient, OpDef, Parts, Sample, Types, op, same_type
from .shape import reshape
from .source import const


def _rows(types: Types, _: Attrs) -> TensorType:
    return TensorType(types[0].shape[:-1])


def _crossentropy(c: Gradient) -> Parts:
    """The gradient of −Σ t·log softmax(z), for rows t that sum to 1, is softmax(z) − t."""
    z, t = c.inputs
    g = reshape(c.g, (*c.g.type.shape, 1))
    return [(unary("softmax", z) - t) * g, scale(unary("log_softmax", z) * g, -1.0)]


def _bce(c: Gradient) -> Parts:
    """The gradient of softplus(z) − t·z = −t·log σ(z) − (1−t)·log(1−σ(z)) is σ(z) − t."""
    z, t = c.inputs
    return [(unary("sigmoid", z) - t) * c.g, scale(z * c.g, -1.0)]


def _poisson(c: Gradient) -> Parts:
    """The gradient of exp(y) − t·y is exp(y) − t."""
    y, t = c.inputs
    return [(unary("exp", y) - t) * c.g, scale(y * c.g, -1.0)]


def _xlogx(c: Gradient) -> Parts:
    return [c.g * (const(c.g.builder, 1.0) + unary("log", c.x))]


def _huber(c: Gradient) -> Parts:
    delta = c.attr("delta")
    return [unary("clip", c.x, low=-delta, high=delta) * c.g]


op(
    OpDef(
        "crossentropy",
        _rows,
        _crossentropy,
        samples=(Sample(((3, 4), (3, 4)), {}, rows=(1,)), Sample(((2, 3, 4),) * 2, {}, rows=(1,))),
    )
)
op(
    OpDef(
        "bce",
        broadcast_type,
        _bce,
        samples=(Sample(((3, 4), (3, 4)), {}, rows=(1,)),),
    )
)
op(
    OpDef(
        "poisson",
        broadcast_type,
        _poisson,
        samples=(Sample(((3, 4), (3, 4)), {}),),
        formulas=("dy = (exp(y) − t) · dL",),
    )
)
op(
    OpDef(
        "huber",
        same_type,
        _huber,
        True,
        samples=(Sample(((3, 4),), {"delta": 0.7}, kinks=(-0.7, 0.7)),),
    )
)

# x·log x, and 0 at 0.
op(
    OpDef(
        "xlogx",
        same_type,
        _xlogx,
        samples=(Sample(((3, 4),), {}, low=0.3, high=3.0), Sample(((3, 4),), {}, rows=(0,))),
    )
)
