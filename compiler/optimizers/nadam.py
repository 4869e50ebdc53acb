"""optimizer nadam: adam with Nesterov's momentum (Dozat 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.arguments import Flag, Num, option
from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import scale, unary
from ..ops.scalar import base_power
from ..ops.source import const
from .parts import (
    BETA1,
    BETA2,
    DECAYED,
    decayed_gradient,
    decayed_param,
    direct_decay,
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
    """Emit a step as PyTorch does: v is corrected under the root, ε is added to the root."""
    apart = c.args["decoupled"]
    param, g = (decayed_param(c), c.grad) if apart else (c.param, decayed_gradient(c))
    mu = _momentum(c, c.step, "mu")
    after = _momentum(c, c.step + const(c.build, 1.0), "mu_next")
    product = c.store("mu_product", c.numbers["mu_product"] * mu, "the product of all μ so far")
    m = running_mean(c, "m", "beta1", g)
    v = running_square(c, "v", "beta2", g)
    share = c.note(
        c.one_minus(base_power(c.number("beta2"), c.step)), "v starts at zero", "v_share"
    )
    divisor = c.note(plus_eps(c, unary("sqrt", v / share)), "√v̂ + ε", "divisor")
    now = c.rate * c.one_minus(mu) / c.one_minus(product)
    ahead = c.rate * after / c.one_minus(product * after)
    new = param - (c.note(now, "", "g_rate") * g + c.note(ahead, "", "m_rate") * m) / divisor
    return c.note(new, "p ← p − (g_rate · g + m_rate · m) / (√v̂ + ε)")


def _momentum(c: UpdateContext, step: Value, name: str) -> Value:
    """Return μ of a step: β₁ (1 − ½ · 0.96^(ψ t))."""
    falling = base_power(0.96, scale(step, c.number("momentum_decay")))
    mu = scale(c.one_minus(scale(falling, 0.5)), c.number("beta1"))
    return c.note(mu, "μ of step t: β₁ (1 − ½ · 0.96^(ψ t))", name)


optimizer(
    OptimizerKind(
        name="nadam",
        summary="adam with Nesterov's momentum, which looks one step ahead",
        formula="g ← g + λp; m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; "
        "μₜ = β₁(1 − ½·0.96^(ψt)), Pₜ = μ₁·…·μₜ, v̂ = v/(1 − β₂ᵗ); "
        "p ← p − lr·((1 − μₜ)/(1 − Pₜ)·g + μₜ₊₁/(1 − Pₜ₊₁)·m) / (√v̂ + ε) in step t",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer nadam",
        update=update,
        decoupled="decoupled=true",
        args=(
            rate_arg(2e-3),
            BETA1,
            BETA2,
            eps_arg(1e-8),
            direct_decay(0.0),
            DECAYED,
            option("momentum_decay", Num(0), "ψ: how fast μ rises to β₁", 4e-3),
            option("decoupled", Flag(), "decoupled weight decay, as in adamw", False),
        ),
        slots=("m", "v"),
        numbers={"mu_product": 1.0},
        usual=(1e-5, 1e-3, 1e-2),
        torch="optim.NAdam (decoupled is its decoupled_weight_decay)",
        keras="optimizers.Nadam",
    )
)
