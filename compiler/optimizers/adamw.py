"""optimizer adamw: adam with decoupled weight decay (Loshchilov and Hutter 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.optimizer import OptimizerKind
from .adam import adam_step
from .parts import (
    AMSGRAD,
    BETA1,
    BETA2,
    CORRECTION,
    DECAYED,
    decayed_param,
    direct_decay,
    eps_arg,
    rate_arg,
)
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step; the decay factor of a parameter does not depend on its gradient."""
    return adam_step(c, decayed_param(c), c.grad)


optimizer(
    OptimizerKind(
        name="adamw",
        summary="adam with weight decay that is not divided by √v",
        formula="m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; "
        "p ← (1 − lr·λ)p − lr·m̂ / (√v̂ + ε) with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ) in step t",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer adamw weight_decay=0.05",
        update=update,
        args=(
            rate_arg(1e-3),
            BETA1,
            BETA2,
            eps_arg(1e-8),
            direct_decay(0.01),
            DECAYED,
            AMSGRAD,
            CORRECTION,
        ),
        slots=("m", "v", "v_max"),
        usual=(1e-5, 1e-3, 1e-2),
        torch="optim.AdamW",
        keras="optimizers.AdamW",
        notes="`correction=false` uses m and v uncorrected: p ← (1 − lr·λ)p − lr·m / (√v + ε).",
    )
)
