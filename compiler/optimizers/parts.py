"""Shared parts of optimizers: weight decay, running means, and their arguments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.arguments import ArgSpec, Flag, Num, Option, option, positional
from ..ops.elementwise import scale, unary
from ..ops.source import const

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value

_SHARE = Num(0, 1, open_high=True)
_SMALL = Num(0, open_low=True)


def rate_arg(default: float | None) -> ArgSpec:
    """Return the argument for the learning rate, with the optimizer's default."""
    return positional("lr", Num(0, open_low=True), "the learning rate", default)


def share_arg(name: str, doc: str, default: float) -> ArgSpec:
    """Return the argument for the fraction of a running mean that is kept in a step."""
    return option(name, _SHARE, doc, default)


def eps_arg(default: float) -> ArgSpec:
    """Return the argument ε that prevents a division by zero."""
    return option("eps", _SMALL, "ε: added to the divisor", default)


BETA1 = share_arg("beta1", "β₁: the fraction of m kept in a step", 0.9)
BETA2 = share_arg("beta2", "β₂: the fraction of v kept in a step", 0.999)
L2_DECAY = option("weight_decay", Num(0), "λ: coupled weight decay, added to g", 0.0)
CORRECTION = option(
    "correction", Flag(), "whether m and v are corrected for their start at zero", True
)
DECAYED = option(
    "decay",
    Option(("all", "weights")),
    "`weights`: weight decay leaves out biases, gains and embeddings; else it is for all parameters",
)
AMSGRAD = option("amsgrad", Flag(), "whether the largest previous v replaces v", False)


def direct_decay(default: float) -> ArgSpec:
    """Return the argument for decoupled weight decay."""
    doc = "λ: pulls every parameter towards zero, apart from the gradient"
    return option("weight_decay", Num(0), doc, default)


def decayed_gradient(c: UpdateContext) -> Value:
    """Return the gradient with coupled weight decay."""
    if not c.number("weight_decay"):
        return c.grad
    return c.note(c.grad + c.times_decay(c.param), "weight decay: g ← g + λ p", "g")


def decayed_param(c: UpdateContext) -> Value:
    """Return the parameter after decoupled weight decay."""
    if not c.number("weight_decay"):
        return c.param
    return c.param * c.one_minus(c.times_decay(c.rate))


def running_mean(c: UpdateContext, slot: str, share: str, g: Value) -> Value:
    """Store m ← m + (1 − β)(g − m), which is β m + (1 − β) g with one pass fewer."""
    old, rest = c.slots[slot], c.rest(share)
    return c.store(slot, old + rest * (g - old), f"{slot} ← β {slot} + (1 − β) g")


def running_square(c: UpdateContext, slot: str, share: str, g: Value, letter: str = "g") -> Value:
    """Store v ← β v + (1 − β) g²."""
    new = scale(c.slots[slot], c.number(share)) + c.rest(share) * unary("square", g)
    return c.store(slot, new, f"{slot} ← β {slot} + (1 − β) {letter}²")


def plus_eps(c: UpdateContext, x: Value) -> Value:
    """x + ε."""
    return x + const(c.build, c.number("eps"))
