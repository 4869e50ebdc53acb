"""Normalisation: statistics of a batch or of each row, and data standardised by them.

Statistics are one array that stacks the mean and 1/√(variance + ε), each with size 1 along the
reduced axes, so that they broadcast against the data. The rule of `standardized` gives the
total derivative with respect to the data, including the part through the statistics (Ioffe and
Szegedy 2015, section 3), so it passes no gradient on to them.
"""

from __future__ import annotations

from typing import Any

from ..ir.op_graph import Attr
from ..ir.types import TensorType
from .build import Value
from .elementwise import scale, unary
from .registry import (
    ADJOINT,
    INCLUDED,
    Attrs,
    Gradient,
    OpDef,
    Parts,
    Sample,
    Types,
    Undefined,
    op,
    same_type,
    sample,
)
from .shape import narrow, reshape


def batch_stats(
    x: Value, state: tuple[Value, Value], train: Value, axes: tuple[int, ...], **attrs: Attr
) -> Value:
    """The batch's statistics over axes of x in training, otherwise the running ones.

    `state` is the running mean and variance, shaped to broadcast against a row of x; training
    moves them by the fraction `momentum`. `eps` is added to variances. `name` distinguishes the
    layers of a model, because each call updates its state.
    """
    return x.builder.emit("batch_stats", x, *state, train, axes=axes, **attrs)


def running_stats(state: tuple[Value, Value], eps: float) -> Value:
    """The running statistics, in training and in prediction."""
    return state[0].builder.emit("running_stats", *state, eps=eps)


def row_stats(x: Value, eps: float) -> Value:
    """The statistics over the last axis."""
    return x.builder.emit("row_stats", x, eps=eps)


def standardized(
    x: Value, stats: Value, axes: tuple[int, ...], train: Value | None = None
) -> Value:
    """(x − mean) / √(variance + ε), with statistics taken over these axes of x.

    If `train` is given, the statistics depend on x in training, otherwise they are constant.
    """
    operands = (x, stats) if train is None else (x, stats, train)
    return x.builder.emit("standardized", *operands, axes=axes)


def rescaled(x: Value, stats: Value) -> Value:
    """(x − mean) / √(variance + ε) with statistics that do not depend on x."""
    return (x - narrow(stats, 0, 0, 1)) * narrow(stats, 0, 1, 2)


def rms_normalized(x: Value, eps: float) -> Value:
    """x / √(mean(x²) + ε) over the last axis (Zhang and Sennrich 2019)."""
    size = x.builder.emit("rms_scale", x, eps=eps)
    return x.builder.emit("rms_normalized", x, size)


def _pair(types: Types, _: Attrs) -> TensorType:
    return TensorType((2, *types[1].shape))


def _pair_of_state(types: Types, _: Attrs) -> TensorType:
    return TensorType((2, *types[0].shape))


def _row_pair(types: Types, _: Attrs) -> TensorType:
    return TensorType((2, *types[0].shape[:-1], 1))


def _standardized(c: Gradient) -> Parts:
    stats, *train = c.inputs[1:]
    emit = c.g.builder.emit
    dx = emit("standardized_dx", c.g, c.out, stats, *train, axes=c.attr("axes"))
    return [dx, *[INCLUDED] * (len(c.inputs) - 1)]


def _cube(x: Value) -> Value:
    return x * unary("square", x)


def _running_stats(c: Gradient) -> Parts:
    """The mean is passed through; the derivative of s = 1/√(variance + ε) is −s³/2."""
    shape = c.x.type.shape
    dmean, ds = (reshape(narrow(c.g, 0, i, i + 1), shape) for i in (0, 1))
    s = reshape(narrow(c.out, 0, 1, 2), shape)
    return [dmean, scale(ds * _cube(s), -0.5)]


def _row_stats(c: Gradient) -> Parts:
    """By an entry: 1/n for the mean, −s³·(x − mean)/n for s = 1/√(variance + ε)."""
    kept = c.g.type.shape[1:]
    dmean, ds = (reshape(narrow(c.g, 0, i, i + 1), kept) for i in (0, 1))
    mean, s = (reshape(narrow(c.out, 0, i, i + 1), kept) for i in (0, 1))
    return [scale(dmean - ds * _cube(s) * (c.x - mean), 1.0, c.x.type.shape[-1])]


def _compose(inputs: tuple[Value, ...], attrs: Attrs) -> Value:
    """x standardised by statistics of the batch (in training), of the row, or by fixed ones."""
    x, axes = inputs[0], attrs["axes"]
    match inputs[1:]:
        case (mean, var, train):
            more: dict[str, Any] = {"eps": 1e-3, "momentum": 0.1, "name": "sample"}
            stats = batch_stats(x, (mean, var), train, axes, **more)
            return standardized(x, stats, axes, train)
        case (mean, var):
            return rescaled(x, x.builder.emit("running_stats", mean, var, eps=1e-3))
    return standardized(x, row_stats(x, 1e-3), axes)


def _in_training(shape: tuple[int, ...], state: tuple[int, ...], *axes: int) -> Sample:
    return Sample((shape, state, state, ()), {"axes": axes}, flags=(3,), fixed=(1, 2))


op(
    OpDef(
        "batch_stats",
        _pair,
        Undefined("it updates running statistics; `standardized` has the way through it"),
    )
)
op(
    OpDef(
        "running_stats",
        _pair_of_state,
        _running_stats,
        samples=(
            Sample(((3,), (3,)), {"eps": 1e-3}, low=0.3),
            Sample(((2, 1), (2, 1)), {"eps": 1e-3}, low=0.3),
        ),
    )
)
op(
    OpDef(
        "row_stats",
        _row_pair,
        _row_stats,
        samples=(sample((3, 5), eps=1e-3), sample((2, 3, 4), eps=1e-3)),
    )
)
op(
    OpDef(
        "standardized",
        same_type,
        _standardized,
        samples=(
            _in_training((5, 3), (3,), 0),
            _in_training((3, 2, 5), (2, 1), 0, 2),
            _in_training((2, 3, 2, 3), (3, 1, 1), 0, 2, 3),
            _in_training((1, 1, 7), (1, 1), 0, 2),
            Sample(((2, 3, 4), (3, 1), (3, 1)), {"axes": ()}, low=0.3, fixed=(1, 2)),
            sample((3, 5), axes=(1,)),
            sample((2, 3, 4), axes=(2,)),
            sample((1, 1, 7), axes=(2,)),
        ),
        composed=_compose,
        formulas=("dx = (dy − mean dy − y · mean(dy · y)) / √(variance + ε)",),
    )
)
op(OpDef("standardized_dx", same_type, ADJOINT))

# --- by the root mean square --------------------------------------------------------------


def _last_kept(types: Types, _: Attrs) -> TensorType:
    return TensorType((*types[0].shape[:-1], 1))


def _rms_normalized(c: Gradient) -> Parts:
    return [c.g.builder.emit("rms_normalized_dx", c.g, c.out, c.inputs[1]), INCLUDED]


def _rms_scale(c: Gradient) -> Parts:
    """The derivative of s = 1/√(mean x² + ε) by an entry is −s³·x/n."""
    return [scale(c.g * _cube(c.out) * c.x, -1.0, c.x.type.shape[-1])]


op(
    OpDef(
        "rms_scale",
        _last_kept,
        _rms_scale,
        samples=(sample((3, 5), eps=1e-3), sample((2, 3, 4), eps=1e-3)),
    )
)
op(
    OpDef(
        "rms_normalized",
        same_type,
        _rms_normalized,
        samples=(sample((3, 5)), sample((2, 3, 4)), sample((1, 1, 1))),
        composed=lambda inputs, _: rms_normalized(inputs[0], 1e-3),
        formulas=("dx = (dy − y · mean(dy · y)) / √(mean x² + ε)",),
    )
)
op(OpDef("rms_normalized_dx", same_type, ADJOINT))
