"""optimizer rmsprop: the gradient divided by its running root mean square (Hinton 2012)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.arguments import Flag, Num, option
from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import scale, unary
from ..ops.source import const
from .parts import (
    DECAYED,
    L2_DECAY,
    decayed_gradient,
    eps_arg,
    plus_eps,
    rate_arg,
    running_mean,
    running_square,
    share_arg,
)
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step as PyTorch does: ε is added to the root, momentum applies to the quotient."""
    g, momentum = decayed_gradient(c), c.number("momentum")
    power = running_square(c, "square_avg", "alpha", g)
    if c.args["centered"]:
        mean = running_mean(c, "grad_avg", "alpha", g)
        # Rounding may make the variance of a constant gradient slightly negative.
        variance = power - unary("square", mean)
        power = c.build.emit("maximum", variance, const(c.build, 0.0))
    step = g / plus_eps(c, unary("sqrt", power))
    if not momentum:
        return c.note(c.param - step * c.rate, "p ← p − rate · g / (√ + ε)")
    velocity = scale(c.slots["velocity"], momentum) + step
    velocity = c.store("velocity", velocity, "momentum: v ← μ v + g / (√ + ε)")
    return c.note(c.param - velocity * c.rate, "p ← p − rate · v")


optimizer(
    OptimizerKind(
        name="rmsprop",
        summary="divides the gradient by the root of its running mean square",
        formula="g ← g + λp; s ← αs + (1 − α)g²; v ← μv + g / (√s + ε); p ← p − lr·v "
        "(centered: a ← αa + (1 − α)g, and √(s − a²) for √s)",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer rmsprop lr=0.001",
        update=update,
        args=(
            rate_arg(1e-2),
            share_arg("alpha", "α: the fraction of the running means kept in a step", 0.99),
            eps_arg(1e-8),
            L2_DECAY,
            DECAYED,
            option("momentum", Num(0), "μ: the fraction of the last step that is kept", 0.0),
            option("centered", Flag(), "whether the variance replaces the mean square", False),
        ),
        slots=("square_avg", "grad_avg", "velocity"),
        usual=(1e-5, 1e-3, 1e-2),
        torch="optim.RMSprop",
        keras="optimizers.RMSprop",
        notes="A variance that rounding makes negative counts as zero (PyTorch gives NaN there).",
    )
)
