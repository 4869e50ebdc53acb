"""optimizer adam: steps of about one size in every entry (Kingma and Ba 2015)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import unary
from ..ops.scalar import base_power, root
from .parts import (
    AMSGRAD,
    BETA1,
    BETA2,
    CORRECTION,
    DECAYED,
    L2_DECAY,
    decayed_gradient,
    eps_arg,
    plus_eps,
    rate_arg,
    running_mean,
    running_square,
)
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step; weight decay is added to the gradient, and so scaled by the division."""
    return adam_step(c, c.param, decayed_gradient(c))


def adam_step(c: UpdateContext, param: Value, g: Value) -> Value:
    """Emit a step as PyTorch does: √v is bias-corrected first, then ε is added."""
    m = running_mean(c, "m", "beta1", g)
    v = running_square(c, "v", "beta2", g)
    if c.args["amsgrad"]:
        v = c.store("v_max", c.build.emit("maximum", c.slots["v_max"], v), "v_max ← max(v_max, v)")
    rate, deviation = c.rate, unary("sqrt", v)
    corrected = bool(c.args["correction"])
    if corrected:
        rate = rate / c.one_minus(base_power(c.number("beta1"), c.step))
        rate = c.note(rate, "m starts at zero: m / (1 − β₁ᵗ) has the right mean", "step_size")
        share = c.one_minus(base_power(c.number("beta2"), c.step))
        deviation = deviation / c.note(root(share), "and so has v / (1 − β₂ᵗ)", "v_scale")
    new = param - m / plus_eps(c, deviation) * rate
    formula = "step_size · m / (√v / v_scale + ε)" if corrected else "rate · m / (√v + ε)"
    return c.note(new, f"p ← p − {formula}")


optimizer(
    OptimizerKind(
        name="adam",
        summary="running means of the gradient and its square give every entry its own step size",
        formula="g ← g + λp; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; "
        "p ← p − lr·m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) in step t",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer adam lr=1e-3",
        update=update,
        decoupled="adamw",
        args=(rate_arg(1e-3), BETA1, BETA2, eps_arg(1e-8), L2_DECAY, DECAYED, AMSGRAD, CORRECTION),
        slots=("m", "v", "v_max"),
        usual=(1e-5, 1e-3, 1e-2),
        torch="optim.Adam",
        keras="optimizers.Adam",
        notes="`correction=false` uses m and v without correction: p ← p − lr·m / (√v + ε).",
    )
)
