"""The step of the recurrent layers, which remember the last state."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from ..kinds.lower.context import LowerContext
from ..kinds.stepping.context import LooksAhead, StepContext, Stepped, StepRule
from ..kinds.stepping.memory import Memory
from ..kinds.stepping.rules import require_first
from ..ops.build import Value
from ..ops.elementwise import unary
from ..ops.shape import narrow
from .recurrent import Run, dropped, name_of, stack

Turn = Callable[[LowerContext, Memory, Value, Run], Value]
"""From what the input gives to the gates (B, gH) to the new state (B, H), which it remembers."""


def steps_forward(bias: str, turn: Turn) -> StepRule:
    """Return the step rule of a cell; `bias` names the bias of its input product."""

    def rule(c: StepContext) -> Stepped:
        require_first(c)
        _refuse_backward(c)
        _refuse_start(c)
        lower = partial(_lower, bias=bias, turn=turn)
        return Stepped(0 if c.arg("return") == "all" else None, lower=lower)

    return StepRule("forward only; it remembers its state", rule)


def _refuse_backward(c: StepContext) -> None:
    for name, why in (
        ("bidirectional", "the second cell begins at the end of the sequence"),
        ("reverse", "the cell begins at the end of the sequence"),
    ):
        if c.arg(name):
            help = f"leave out `{name}=true`: a step reads from the beginning"
            raise LooksAhead(why, help=help, at=name, replace="false")


def _refuse_start(c: StepContext) -> None:
    if c.arg("start") is not None:
        raise LooksAhead(
            "it begins with a value that is known only at the end of its sequence",
            help="leave out `start=`, or compute the sequences one after the other by `predict`",
            at="start",
        )


def _lower(c: LowerContext, memory: Memory, *, bias: str, turn: Turn) -> Value:
    h = c.x
    for place, (run,) in enumerate(stack(c), 1):
        if place > 1:
            h = dropped(c, h, place - 1)
        h = turn(c, memory, _to_gates(c, h, run, bias), run)
    return h


def _to_gates(c: LowerContext, x: Value, run: Run, bias: str) -> Value:
    z = x @ c.param(f"{run.prefix}Wx")
    if c.arg("bias"):
        z = z + c.param(f"{run.prefix}{bias}")
    text = "x Wx" + f" + {bias}" * c.arg("bias")
    return c.build.describe(z, hint=name_of(c, run, "x"), formula=f"{text}, what the input says")


def state_before(c: LowerContext, memory: Memory, run: Run, letter: str = "h") -> Value:
    """Return the state of one pass as of the previous position, (B, H)."""
    what = {"h": "the state", "c": "the cell's memory"}[letter]
    layer = f", layer {run.prefix[1:-1]}" if run.prefix else ""
    return memory.before(f"{run.prefix}{letter}", (c.arg("units"),), f"{what} of {c.name}{layer}")


def keep_state(
    c: LowerContext, memory: Memory, run: Run, new: Value, formula: str, letter: str = "h"
) -> Value:
    """Remember a new state, named after its layer, with its formula."""
    c.build.describe(new, hint=name_of(c, run, letter), formula=formula)
    memory.keep(f"{run.prefix}{letter}", new)
    return new


def gate(c: LowerContext, run: Run, z: Value, name: str, formula: str) -> Value:
    """Return σ(z), with a name hint and a formula."""
    return c.build.describe(unary("sigmoid", z), hint=name_of(c, run, name), formula=formula)


def gates(c: LowerContext, run: Run, x: Value, h: Value) -> Value:
    """Return x + h Wh, the input of the gates."""
    z = x + h @ c.param(f"{run.prefix}Wh")
    formula = "z = x Wx" + " + b" * c.arg("bias") + " + h Wh"
    return c.build.describe(z, hint=name_of(c, run, "z"), formula=formula)


def block(c: LowerContext, z: Value, place: int) -> Value:
    """Return one block of H columns, numbered from 0."""
    units = c.arg("units")
    return narrow(z, 1, place * units, (place + 1) * units)
