"""Nonlinear functions, each with its textbook derivative."""

from __future__ import annotations

import math
from collections.abc import Callable

from .build import Value
from .elementwise import broadcast_type, greater_zero, scale, select, unary, unbroadcast
from .registry import INCLUDED, Gradient, GradientRule, OpDef, Parts, Sample, op, same_type, sample
from .source import const

_ONE = (sample((3, 4)),)
_KINK = (Sample(((3, 4),), {}, kinks=(0.0,)),)

CUBIC = 0.044715
SATURATED = 10.0
WHY_NEAR = "further out tanh is ±1 to all digits, and a cube may overflow"


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
    """Slope 1 for x > 0, else α·exp(x), which equals the value plus α."""
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
    """Return the vector-Jacobian product of softmax: dz = a · (da − Σ da·a)."""
    return c.out * (c.g - _sum_last(c.g * c.out))


def _log_softmax(c: Gradient) -> list[Value]:
    return [c.g - unary("softmax", c.x) * _sum_last(c.g)]


op(OpDef("bounded", same_type, lambda c: [c.g], True, samples=_ONE))


def bounded(x: Value) -> Value:
    """Clamp x to the lowest finite number from below: −inf · 0 would be NaN."""
    return x.builder.emit("bounded", x)


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


# --- x times a gate computed from x -------------------------------------------------------
#
# These have their own rules: the product rule would first multiply the upstream gradient by x,
# which may overflow, and inf · 0 is NaN. Here x is only multiplied by a slope that is already 0.


def _silu(c: Gradient) -> Parts:
    x, s = c.inputs
    one = const(c.g.builder, 1.0)
    return [c.g * (s * (one + x * one_minus(s))), INCLUDED]


def _hard_swish(c: Gradient) -> Parts:
    x, gate = c.inputs
    return [c.g * (gate + scale(x * unary("inside", gate, low=0.0, high=1.0), 1 / 6)), INCLUDED]


def _mish(c: Gradient) -> Parts:
    x, t = c.inputs
    return [c.g * (t + x * (one_minus(unary("square", t)) * unary("sigmoid", x))), INCLUDED]


def _gelu(c: Gradient) -> Parts:
    x, below = c.inputs
    bell = unary("exp", scale(unary("square", x), -0.5))
    return [c.g * (below + x * scale(bell, (2.0 * math.pi) ** -0.5)), INCLUDED]


def _gelu_tanh(c: Gradient) -> Parts:
    x, near, t, below = c.inputs
    one = const(c.g.builder, 1.0)
    rise = scale(one + scale(unary("square", near), 3 * CUBIC), 0.5 * (2.0 / math.pi) ** 0.5)
    slope = one_minus(unary("square", t)) * rise
    return [c.g * (below + x * slope), *[INCLUDED] * 3]


def silu(x: Value) -> Value:
    """x·σ(x)."""
    return x.builder.emit("silu", x, unary("sigmoid", x))


def hard_swish(x: Value) -> Value:
    """x times x/6 + 1/2, clamped to [0, 1]."""
    line = scale(x, 1 / 6) + const(x.builder, 0.5)
    return x.builder.emit("hard_swish", x, unary("clip", line, low=0.0, high=1.0))


def mish(x: Value) -> Value:
    """x·tanh(softplus(x))."""
    return x.builder.emit("mish", x, unary("tanh", unary("softplus", x)))


def gelu(x: Value) -> Value:
    """x·Φ(x), where Φ is the normal distribution function."""
    one = const(x.builder, 1.0)
    below = _named(scale(one + unary("erf", scale(x, 0.5**0.5)), 0.5), "Phi", "Φ(z)")
    return x.builder.emit("gelu", x, below)


def gelu_tanh(x: Value) -> Value:
    """The tanh approximation of gelu (Hendrycks and Gimpel 2016).

    The cube is computed from x clamped to ±10, where tanh is ±1 to all digits: no overflow.
    """
    one = const(x.builder, 1.0)
    near = unary("clip", x, low=-SATURATED, high=SATURATED)
    cubic = near + scale(near * unary("square", near), CUBIC)
    t = unary("tanh", scale(cubic, (2.0 / math.pi) ** 0.5))
    below = _named(scale(one + t, 0.5), "Phi", "Φ(z), nearly")
    return x.builder.emit("gelu_tanh", x, _named(near, "near", WHY_NEAR), t, below)


def _named(value: Value, what: str, formula: str) -> Value:
    """Attach a formula and a name hint, LAYER_`what`, to a value."""
    build = value.builder
    return build.describe(value, hint=f"{build.origin.layer}_{what}", formula=formula)


def _gated(
    name: str,
    rule: GradientRule,
    compose: Callable[[Value], Value],
    formula: str,
    samples: tuple[Sample, ...] = _ONE,
) -> None:
    """Register an op: the product of its first operand, x, and its last, a gate computed from x."""
    op(
        OpDef(
            name,
            broadcast_type,  # passes may remove the broadcast of an operand
            rule,
            True,
            samples=samples,
            composed=lambda inputs, _: compose(inputs[0]),
            formulas=(formula,),
        )
    )


_gated("silu", _silu, silu, "dz = da · σ (1 + z (1 − σ))")
_gated(
    "hard_swish",
    _hard_swish,
    hard_swish,
    "dz = da · (h + z/6 where 0 < h < 1), h = z/6 + 1/2 kept within [0, 1]",
    (Sample(((3, 4),), {}, low=-5.0, high=5.0, kinks=(-3.0, 3.0)),),
)
_gated("mish", _mish, mish, "dz = da · (t + z (1 − t²) σ(z)), t = tanh(softplus z)")
_gated("gelu", _gelu, gelu, "dz = da · (Φ + z φ), φ = exp(−z²/2) / √(2π)")
_gated("gelu_tanh", _gelu_tanh, gelu_tanh, "dz = da · (Φ + z (1 − tanh²u) u′/2)")
