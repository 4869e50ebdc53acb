"""optimizer adadelta: steps in the parameters' own unit (Zeiler 2012)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import unary
from .parts import (
    DECAYED,
    L2_DECAY,
    decayed_gradient,
    eps_arg,
    plus_eps,
    rate_arg,
    running_square,
    share_arg,
)
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step as PyTorch does: ε is added under both roots."""
    g = decayed_gradient(c)
    squares = running_square(c, "square_avg", "rho", g)
    before = unary("sqrt", plus_eps(c, c.slots["step_avg"]))
    step = before / unary("sqrt", plus_eps(c, squares)) * g
    step = c.note(step, "d = √(step_avg + ε) / √(square_avg + ε) · g", "d")
    running_square(c, "step_avg", "rho", step, "d")
    return c.note(c.param - step * c.rate, "p ← p − rate · d")


optimizer(
    OptimizerKind(
        name="adadelta",
        summary="scales the gradient by the ratio of the running sizes of steps and gradients",
        formula="g ← g + λp; s ← ρs + (1 − ρ)g²; d = √(u + ε)/√(s + ε) · g; "
        "u ← ρu + (1 − ρ)d²; p ← p − lr·d",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer adadelta",
        update=update,
        args=(
            rate_arg(1.0),
            share_arg("rho", "ρ: the fraction of the running means kept in a step", 0.9),
            eps_arg(1e-6),
            L2_DECAY,
            DECAYED,
        ),
        slots=("square_avg", "step_avg"),
        usual=(1e-2, 1.0, 10.0),
        torch="optim.Adadelta",
        keras="optimizers.Adadelta",
    )
)
