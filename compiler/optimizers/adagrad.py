"""optimizer adagrad: the gradient over the root of its sum of squares (Duchi et al. 2011)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.arguments import Num, option
from ..kinds.optimizer import OptimizerKind
from ..ops.elementwise import scale, unary
from ..ops.source import const
from .parts import DECAYED, L2_DECAY, decayed_gradient, eps_arg, plus_eps, rate_arg
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a step; the effective rate of each entry never increases."""
    g, decay, rate = decayed_gradient(c), c.number("lr_decay"), c.rate
    total = c.slots["square_sum"] + unary("square", g)
    total = c.store("square_sum", total, "square_sum ← square_sum + g²")
    if decay:
        one = const(c.build, 1.0)
        rate = rate / (one + scale(c.step - one, decay))
        rate = c.note(rate, "rate / (1 + decay · steps before)", "step_size")
    step = g / plus_eps(c, unary("sqrt", total))
    return c.note(c.param - step * rate, "p ← p − rate · g / (√ + ε)")


optimizer(
    OptimizerKind(
        name="adagrad",
        summary="divides the gradient by the root of the sum of all previous squared gradients",
        formula="g ← g + λp; s ← s + g²; p ← p − lr/(1 + (t − 1)·lr_decay) · g / (√s + ε) in step t",
        example="input 4 -> dense 3 softmax; loss crossentropy; optimizer adagrad lr=0.05",
        update=update,
        args=(
            rate_arg(1e-2),
            option("lr_decay", Num(0), "how fast the rate falls with the step count", 0.0),
            L2_DECAY,
            DECAYED,
            option("start", Num(0), "s before the first step", 0.0),
            eps_arg(1e-10),
        ),
        slots=("square_sum",),
        starts={"square_sum": "start"},
        usual=(1e-3, 1e-2, 1.0),
        torch="optim.Adagrad (start is its initial_accumulator_value)",
        keras="optimizers.Adagrad",
    )
)
