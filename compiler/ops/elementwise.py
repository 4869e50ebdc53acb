"""Elementwise arithmetic with NumPy's broadcasting, and its gradients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..ir.dims import Dim, Shape
from ..ir.types import DType, TensorType
from .build import Value
from .registry import ZERO, Attrs, Gradient, OpDef, Parts, Sample, Types, op, same_type, sample
from .source import const


def broadcast_shape(shapes: Sequence[Shape]) -> Shape:
    """The common shape under NumPy's rules; a symbolic size only matches itself or 1."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(s)) + tuple(s) for s in shapes]
    return tuple(_common(sizes) for sizes in zip(*padded, strict=True))


def _common(sizes: tuple[Dim, ...]) -> Dim:
    real = {size for size in sizes if size != 1}
    if len(real) > 1:
        raise ValueError(f"cannot broadcast sizes {', '.join(map(str, sizes))}")
    return real.pop() if real else 1


def broadcast_type(types: Types, _: Attrs) -> TensorType:
    """The type of an arithmetic op."""
    return TensorType(broadcast_shape([t.shape for t in types]))


def bool_type(types: Types, _: Attrs) -> TensorType:
    """The type of a comparison."""
    return TensorType(broadcast_shape([t.shape for t in types]), DType.BOOL)


def unbroadcast(g: Value, type: TensorType) -> Value:
    """Sum a gradient over the axes along which its value was broadcast."""
    shape, target = g.type.shape, type.shape
    if shape == target:
        return g
    lead = len(shape) - len(target)
    axes = [*range(lead)]
    axes += [lead + i for i, n in enumerate(target) if n == 1 and shape[lead + i] != 1]
    summed = g.builder.emit("sum", g, axes=tuple(axes), keepdims=False)
    if summed.type.shape == target:
        return summed
    return g.builder.emit("reshape", summed, shape=target)


def greater_zero(x: Value) -> Value:
    """Where x > 0."""
    return x.builder.emit("greater", x, const(x.builder, 0.0))


def select(cond: Value, yes: Value, no: Value) -> Value:
    """`yes` where the condition holds, else `no`."""
    return cond.builder.emit("select", cond, yes, no)


def scale(x: Value, factor: float, over: Dim = 1) -> Value:
    """x · factor / over, where `over` may be a symbolic count."""
    return x.builder.emit("scale", x, factor=float(factor), over=over)


def unary(name: str, x: Value, **attrs: float) -> Value:
    """A unary op by name."""
    return x.builder.emit(name, x, **attrs)


# --- binary -------------------------------------------------------------------------------


def _add(c: Gradient) -> list[Value]:
    return [unbroadcast(c.g, v.type) for v in c.inputs]


def _sub(c: Gradient) -> list[Value]:
    a, b = c.inputs
    return [unbroadcast(c.g, a.type), scale(unbroadcast(c.g, b.type), -1.0)]


def _mul(c: Gradient) -> list[Value]:
    a, b = c.inputs
    return [unbroadcast(c.g * b, a.type), unbroadcast(c.g * a, b.type)]


def _div(c: Gradient) -> list[Value]:
    a, b = c.inputs
    ga = c.g / b
    return [unbroadcast(ga, a.type), unbroadcast(scale(ga * c.out, -1.0), b.type)]


def _maximum(c: Gradient) -> list[Value]:
    """Entries that tie share the gradient equally."""
    emit = c.out.builder.emit
    hits = [emit("equal", x, c.out) for x in c.inputs]
    share = c.g / emit("count_true", *hits)
    return [unbroadcast(share * hit, x.type) for hit, x in zip(hits, c.inputs, strict=True)]


_PAIRS = (sample((3, 4), (3, 4)), sample((3, 4), (4,)), sample((3, 1), (1, 4)), sample((3,), ()))

op(
    OpDef(
        "add",
        broadcast_type,
        _add,
        True,
        samples=_PAIRS,
        formulas=("dx = Σ dz where x was repeated", "db = Σ dz over the rows"),
    )
)
op(OpDef("sub", broadcast_type, _sub, True, samples=_PAIRS))
op(
    OpDef(
        "mul",
        broadcast_type,
        _mul,
        True,
        samples=_PAIRS,
        formulas=("dx₁ = dy · x₂", "dx₂ = dy · x₁"),
    )
)
op(OpDef("div", broadcast_type, _div, True, samples=tuple(replace(s, low=0.5) for s in _PAIRS)))
op(
    OpDef(
        "maximum",
        broadcast_type,
        _maximum,
        True,
        samples=(sample((3, 4), (3, 4)), sample((2, 3), (2, 3), (2, 3))),
        formulas=("dx = dm where x is the maximum",) * 8,
    )
)

# --- comparisons and choice ---------------------------------------------------------------

op(OpDef("greater", bool_type, ZERO, True))
op(OpDef("at_least", bool_type, ZERO, True))
op(OpDef("equal", bool_type, ZERO, True))
op(OpDef("inside", bool_type, ZERO, True))
op(OpDef("count_true", broadcast_type, ZERO))
op(OpDef("sign", same_type, ZERO, True))


def _select(c: Gradient) -> Parts:
    cond, yes, no = c.inputs
    zero = const(c.g.builder, 0.0)
    return [
        ZERO,
        unbroadcast(select(cond, c.g, zero), yes.type),
        unbroadcast(select(cond, zero, c.g), no.type),
    ]


def _select_type(types: Types, _: Attrs) -> TensorType:
    return TensorType(broadcast_shape([t.shape for t in types]))


op(
    OpDef(
        "select",
        _select_type,
        _select,
        True,
        samples=(
            Sample(((3, 4), (3, 4), (4,)), {}, flags=(0,)),
            Sample(((), (3, 1), (1, 4)), {}, flags=(0,)),
        ),
    )
)

# --- unary --------------------------------------------------------------------------------


def _scale(c: Gradient) -> list[Value]:
    return [scale(c.g, c.attr("factor"), c.attr("over"))]


_ONE = (sample((3, 4)),)
_POSITIVE = (Sample(((3, 4),), {}, low=0.3, high=3.0),)
_KINK = (Sample(((3, 4),), {}, kinks=(0.0,)),)

op(OpDef("scale", same_type, _scale, True, samples=(sample((3, 4), factor=-1.5, over=7),)))
op(OpDef("exp", same_type, lambda c: [c.g * c.out], True, samples=_ONE))
op(OpDef("log", same_type, lambda c: [c.g / c.x], True, samples=_POSITIVE))
op(OpDef("square", same_type, lambda c: [c.g * scale(c.x, 2.0)], True, samples=_ONE))
op(OpDef("sqrt", same_type, lambda c: [c.g / scale(c.out, 2.0)], True, samples=_POSITIVE))
op(OpDef("abs", same_type, lambda c: [c.g * unary("sign", c.x)], True, samples=_KINK))


def _erf(c: Gradient) -> list[Value]:
    """erf'(x) = 2/√π · exp(−x²)."""
    bell = unary("exp", scale(unary("square", c.x), -1.0))
    return [c.g * scale(bell, 2.0 / math.sqrt(math.pi))]


def _clip(c: Gradient) -> list[Value]:
    return [c.g * unary("inside", c.x, low=c.attr("low"), high=c.attr("high"))]


op(OpDef("erf", same_type, _erf, True, samples=_ONE))
op(
    OpDef(
        "clip",
        same_type,
        _clip,
        True,
        samples=(Sample(((3, 4),), {"low": -1.0, "high": 0.5}, kinks=(-1.0, 0.5)),),
        formulas=("dx = dy inside the bounds, else 0",),
    )
)


# --- formulas -----------------------------------------------------------------------------


def _power(c: Gradient) -> list[Value]:
    """n·xⁿ⁻¹ for a constant n."""
    n = c.attr("exponent")
    return [c.g * scale(power(c.x, n - 1), n)]


def power(x: Value, exponent: float) -> Value:
    """x to a constant power."""
    if exponent == 1:
        return x
    if exponent == 2:
        return unary("square", x)
    return unary("power", x, exponent=float(exponent))


op(
    OpDef(
        "power", same_type, _power, True, samples=(Sample(((3, 4),), {"exponent": 3.0}, low=0.3),)
    )
)
op(
    OpDef(
        "sin",
        same_type,
        lambda c: [c.g * unary("cos", c.x)],
        True,
        samples=_ONE,
        formulas=("dx = dy · cos x",),
    )
)
op(
    OpDef(
        "cos",
        same_type,
        lambda c: [c.g * scale(unary("sin", c.x), -1.0)],
        True,
        samples=_ONE,
        formulas=("dx = −dy · sin x",),
    )
)

# The identity, with a gradient defined as zero.
op(OpDef("stop", same_type, ZERO, True))
