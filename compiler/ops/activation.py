"""Nonlinear functions that have a textbook derivative of their own."""

from __future__ import annotations

from ..ir.op_graph import Value
from .elementwise import broadcast_type, greater_zero, scale, select, unary, unbroadcast
from .registry import Gradient, OpDef, Sample, op, same_type, sample
from .source import const

_ONE = (sample((3, 4)),)
_KINK = (Sample(((3, 4),), {}, kinks=(0.0,)),)


def one_minus(x: Value) -> Value:
    """1 − x."""
    return const(x.builder, 1.0) - x


def _sigmoid(c: Gradient) -> list[Value]:
    return [c.g * c.out * one_minus(c.out)]


def _tanh(c: Gradient) -> list[Value]:
    return [c.g * one_minus(unary("square", c.out))]


def _relu(c: Gradient) -> list[Value]:
    return [c.g * greater_zero(c.out)]


def _leaky_relu(c: Gradient) -> list[Value]:
    return [select(greater_zero(c.x), c.g, scale(c.g, c.attr("slope")))]


def _prelu(c: Gradient) -> list[Value]:
    x, a = c.inputs
    one, zero = const(c.g.builder, 1.0), const(c.g.builder, 0.0)
    positive = greater_zero(x)
    return [
        c.g * select(positive, one, a),
        unbroadcast(c.g * select(positive, zero, x), a.type),
    ]


def _elu(c: Gradient) -> list[Value]:
    """1 for x > 0, else α·exp(x), which is the value plus α."""
    build = c.g.builder
    alpha = const(build, c.attr("alpha"))
    return [c.g * select(greater_zero(c.x), const(build, 1.0), c.out + alpha)]


def _softsign(c: Gradient) -> list[Value]:
    base = const(c.g.builder, 1.0) + unary("abs", c.x)
    return [c.g / unary("square", base)]


op(OpDef("sigmoid", same_type, _sigmoid, True, samples=_ONE, formulas=("dz = da · a (1 − a)",)))
op(OpDef("tanh", same_type, _tanh, True, samples=_ONE, formulas=("dz = da · (1 − a²)",)))
op(OpDef("relu", same_type, _relu, True, samples=_KINK, formulas=("dz = da where z > 0, else 0",)))
op(
    OpDef(
        "leaky_relu",
        same_type,
        _leaky_relu,
        True,
        samples=(Sample(((3, 4),), {"slope": 0.2}, kinks=(0.0,)),),
        formulas=("dz = da where z > 0, else slope · da",),
    )
)
op(
    OpDef(
        "prelu",
        broadcast_type,
        _prelu,
        True,
        samples=(Sample(((3, 4), (1,)), {}, kinks=(0.0,)),),
        formulas=("dz = da where z > 0, else a · da", "da = Σ of the gradient · z where z ≤ 0"),
    )
)
op(
    OpDef(
        "elu",
        same_type,
        _elu,
        True,
        samples=(Sample(((3, 4),), {"alpha": 1.3}, kinks=(0.0,)),),
        formulas=("dz = da where z > 0, else da · (a + α)",),
    )
)
op(
    OpDef(
        "softplus",
        same_type,
        lambda c: [c.g * unary("sigmoid", c.x)],
        True,
        samples=_ONE,
        formulas=("dz = da · σ(z)",),
    )
)
op(
    OpDef(
        "softsign",
        same_type,
        _softsign,
        True,
        samples=_KINK,
        formulas=("dz = da / (1 + |z|)²",),
    )
)


# --- softmax ------------------------------------------------------------------------------


def _sum_last(x: Value) -> Value:
    return x.builder.emit("sum", x, axes=(x.type.rank - 1,), keepdims=True)


def softmax_gradient(c: Gradient) -> Value:
    """The whole Jacobian product: dz = a · (da − Σ da·a)."""
    return c.out * (c.g - _sum_last(c.g * c.out))


def _log_softmax(c: Gradient) -> list[Value]:
    return [c.g - unary("softmax", c.x) * _sum_last(c.g)]


op(
    OpDef(
        "softmax",
        same_type,
        lambda c: [softmax_gradient(c)],
        samples=(sample((3, 4)), sample((2, 3, 4))),
        formulas=("dz = a · (da − Σ da·a), the full softmax Jacobian",),
    )
)
op(
    OpDef(
        "log_softmax",
        same_type,
        _log_softmax,
        samples=(sample((3, 4)), sample((2, 3, 4))),
        formulas=("dz = da − softmax(z) · Σ da",),
    )
)


def silu(x: Value) -> Value:
    """x·σ(x)."""
    return x * unary("sigmoid", x)


def mish(x: Value) -> Value:
    """x·tanh(softplus(x))."""
    return x * unary("tanh", unary("softplus", x))


def gelu(x: Value) -> Value:
    """x·Φ(x) with the normal distribution function Φ."""
    one = const(x.builder, 1.0)
    return scale(x * (one + unary("erf", scale(x, 0.5**0.5))), 0.5)


def gelu_tanh(x: Value) -> Value:
    """The tanh approximation of gelu (Hendrycks and Gimpel 2016)."""
    cubic = x + scale(x * unary("square", x), 0.044715)
    one = const(x.builder, 1.0)
    return scale(x * (one + unary("tanh", scale(cubic, (2.0 / 3.141592653589793) ** 0.5))), 0.5)
