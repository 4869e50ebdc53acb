"""optimizer lion: the sign of a running mean (Chen et al. 2023, Symbolic Discovery)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import scale, unary
from .parts import BETA1, DECAYED, decayed_param, direct_decay, rate_arg, running_mean, share_arg
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step; β₁ weighs the mean in this step, β₂ its fraction kept for the next."""
    blend = scale(c.slots["m"], c.number("beta1")) + c.rest("beta1") * c.grad
    direction = c.note(unary("sign", blend), "d = sign(β₁ m + (1 − β₁) g)", "d")
    new = decayed_param(c) - direction * c.rate
    running_mean(c, "m", "beta2", c.grad)
    return c.note(new, "p ← p − rate · d")


optimizer(
    OptimizerKind(
        name="lion",
        summary="steps of one size, along the sign of a running mean of the gradient",
        formula="p ← p − lr·(sign(β₁m + (1 − β₁)g) + λp); m ← β₂m + (1 − β₂)g",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer lion lr=1e-4",
        update=update,
        args=(
            rate_arg(1e-4),
            BETA1,
            share_arg("beta2", "β₂: the fraction of m kept for the next step", 0.99),
            direct_decay(0.0),
            DECAYED,
        ),
        slots=("m",),
        usual=(1e-6, 1e-4, 1e-3),
        keras="optimizers.Lion",
        notes="Every entry changes by lr in every step: rates are three to ten times lower than adam's.",
    )
)
