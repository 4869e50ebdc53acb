"""The cores of losses, each computed stably and with the gradient that textbooks derive."""

from __future__ import annotations

from collections.abc import Sequence

from ..ir.types import TensorType
from .build import Value
from .elementwise import broadcast_type, unary
from .registry import NO_GRADIENT, Attrs, Gradient, OpDef, Sample, Types, op, same_type
from .shape import reshape


def _rows(types: Types, _: Attrs) -> TensorType:
    return TensorType(types[0].shape[:-1])


def _crossentropy(c: Gradient) -> Sequence[object]:
    """−Σ t·log softmax(z), for rows t that sum to 1, has the gradient softmax(z) − t."""
    z, t = c.inputs
    g = reshape(c.g, (*c.g.type.shape, 1))
    return [(unary("softmax", z) - t) * g, NO_GRADIENT]


def _bce(c: Gradient) -> Sequence[object]:
    """softplus(z) − t·z, that is −t·log σ(z) − (1−t)·log(1−σ(z)), has the gradient σ(z) − t."""
    z, t = c.inputs
    return [(unary("sigmoid", z) - t) * c.g, NO_GRADIENT]


def _poisson(c: Gradient) -> Sequence[object]:
    """exp(y) − t·y has the gradient exp(y) − t."""
    y, t = c.inputs
    return [(unary("exp", y) - t) * c.g, NO_GRADIENT]


def _huber(c: Gradient) -> Sequence[Value]:
    delta = c.attr("delta")
    return [unary("clip", c.x, low=-delta, high=delta) * c.g]


op(
    OpDef(
        "crossentropy",
        _rows,
        _crossentropy,  # type: ignore[arg-type]
        samples=(Sample(((3, 4), (3, 4)), {}, rows=(1,)), Sample(((2, 3, 4),) * 2, {}, rows=(1,))),
    )
)
op(
    OpDef(
        "bce",
        broadcast_type,
        _bce,  # type: ignore[arg-type]
        samples=(Sample(((3, 4), (3, 4)), {}, rows=(1,)),),
    )
)
op(
    OpDef(
        "poisson",
        broadcast_type,
        _poisson,  # type: ignore[arg-type]
        samples=(Sample(((3, 4), (3, 4)), {}, fixed=(1,)),),
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

# x·log x, and 0 at 0. Of targets only, into which no gradient flows.
op(OpDef("xlogx", same_type, NO_GRADIENT))
