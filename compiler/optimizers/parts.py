"""What several optimizers do alike: weight decay, running means, and their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.arguments import ArgSpec, Flag, Num, option, positional
from ..ops.elementwise import scale, unary
from ..ops.source import const

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value

_SHARE = Num(0, 1, open_high=True)
_SMALL = Num(0, open_low=True)


def rate_arg(default: float | None) -> ArgSpec:
    """The learning rate, with the optimizer's default."""
    return positional("lr", Num(0, open_low=True), "the learning rate", default)


def share_arg(name: str, doc: str, default: float) -> ArgSpec:
    """How much of a running mean is kept in a step."""
    return option(name, _SHARE, doc, default)


def eps_arg(default: float) -> ArgSpec:
    """What keeps a division from dividing by zero."""
    return option("eps", _SMALL, "ε: added to the divisor", default)


BETA1 = share_arg("beta1", "β₁: how much of m is kept in a step", 0.9)
BETA2 = share_arg("beta2", "β₂: how much of v is kept in a step", 0.999)
L2_DECAY = option("weight_decay", Num(0), "λ: pulls every parameter towards zero, by way of g", 0.0)
CORRECTION = option(
    "correction", Flag(), "whether m and v are corrected for having started at zero", True
)
AMSGRAD = option("amsgrad", Flag(), "whether the largest v so far takes the place of v", False)


def direct_decay(default: float) -> ArgSpec:
    """Weight decay that does not go through the gradient."""
    doc = "λ: pulls every parameter towards zero, apart from the gradient"
    return option("weight_decay", Num(0), doc, default)


def decayed_gradient(c: UpdateContext) -> Value:
    """The gradient with weight decay in it."""
    decay = c.number("weight_decay")
    if not decay:
        return c.grad
    return c.note(c.grad + scale(c.param, decay), "weight decay: g ← g + λ p", "g")


def decayed_param(c: UpdateContext) -> Value:
    """The parameter after weight decay that leaves the gradient alone."""
    decay = c.number("weight_decay")
    return c.param * c.one_minus(scale(c.rate, decay)) if decay else c.param


def running_mean(c: UpdateContext, slot: str, share: str, g: Value) -> Value:
    """m ← m + (1 − β)(g − m), which is β m + (1 − β) g in one pass less; stores it."""
    old, rest = c.slots[slot], c.rest(share)
    return c.store(slot, old + rest * (g - old), f"{slot} ← β {slot} + (1 − β) g")


def running_square(c: UpdateContext, slot: str, share: str, g: Value, letter: str = "g") -> Value:
    """v ← β v + (1 − β) g²; stores it."""
    new = scale(c.slots[slot], c.number(share)) + c.rest(share) * unary("square", g)
    return c.store(slot, new, f"{slot} ← β {slot} + (1 − β) {letter}²")


def plus_eps(c: UpdateContext, x: Value) -> Value:
    """x + ε."""
    return x + const(c.build, c.number("eps"))
