"""Shared code of the recurrent layers rnn, lstm and gru: arguments, shapes, weights, stacking.

One matrix product computes the input's contribution for all steps of all rows; a core
(`ops.recurrent`) then processes the steps in order. Each layer provides its core.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from ..ir.dims import Dim
from ..ir.layer_graph import Call
from ..ir.types import TensorType
from ..kinds.arguments import (
    BIAS_ARG,
    BIAS_INIT_ARG,
    IN_ARG,
    INIT_ARG,
    ArgSpec,
    Flag,
    Int,
    Num,
    Option,
    option,
    positional,
)
from ..kinds.layer import ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import check_in, require_positions
from ..ops.build import Value
from ..ops.recurrent import Cell, last_step
from ..ops.shape import concat, narrow, reshape

MAX_LAYERS = 100
"""Most layers in one stack; each has separate code, and more are probably a mistake."""


def arguments(bias_init: ArgSpec = BIAS_INIT_ARG) -> tuple[ArgSpec, ...]:
    """The arguments of a recurrent layer."""
    return (
        positional("units", Int(low=1), "size H of the state"),
        option(
            "return",
            Option(("last", "all")),
            "`last`: the state at each row's last step; `all`: the states at all steps",
            "last",
        ),
        option(
            "bidirectional",
            Flag(),
            "whether a second cell reads from the end; both states are concatenated",
            False,
        ),
        option("layers", Int(low=1, high=MAX_LAYERS), "number of stacked layers", 1),
        option(
            "dropout",
            Num(low=0.0, high=1.0, open_high=True),
            "dropout rate between stacked layers, in training",
            0.0,
        ),
        option("reverse", Flag(), "read every row from its last step to its first", False),
        IN_ARG,
        BIAS_ARG,
        INIT_ARG,
        bias_init,
    )


NOTES = (
    "Stacked layers are called l1, l2, …, the second direction `reverse`: `l2.reverse.Wx`. "
    "With `ragged`, every row ends, and in reverse begins, at its last step, as with "
    "PyTorch's pack_padded_sequence; lengths may be in any order. `return=all` keeps the "
    "order of the steps, also in reverse, and pads with zeros."
)


class Run(NamedTuple):
    """One pass over the steps: the prefix of its parameters, and whether it runs in reverse."""

    prefix: str
    reverse: bool


def stack(c: ShapeContext | LowerContext) -> list[list[Run]]:
    """Return the passes of every stacked layer: one, or forward and reverse."""
    if c.arg("bidirectional"):
        runs = [Run("", False), Run("reverse.", True)]
    else:
        runs = [Run("", c.arg("reverse"))]
    if c.arg("layers") == 1:
        return [runs]
    return [
        [Run(f"l{k}.{run.prefix}", run.reverse) for run in runs]
        for k in range(1, c.arg("layers") + 1)
    ]


# --- shapes -------------------------------------------------------------------------------


def recurrent_shape(c: ShapeContext) -> TensorType:
    """TxD to H, or to TxH with `return=all`; twice as wide if bidirectional."""
    size = require_positions(c)
    width = c.arg("units") * (2 if c.arg("bidirectional") else 1)
    every = c.input.with_shape((c.input.shape[0], width))
    result = every if c.arg("return") == "all" else TensorType((width,))
    check_in(c, size, result)
    return result


@dataclass(frozen=True, slots=True)
class Weights:
    """A cell's parameters: the number of gates, and the names of the biases."""

    gates: int
    biases: tuple[str, ...] = ("b",)


def recurrent_params(
    c: ShapeContext, weights: Weights, bias: Call, default: Call | None
) -> tuple[ParamSpec, ...]:
    """Return Wx (D, gH), Wh (H, gH) and biases (gH,) of every pass; fans are those of one gate.

    `default` is the default initialisation of weights (None: by the activation).
    """
    units, size = c.arg("units"), c.input.shape[-1]
    wide = weights.gates * units
    found: list[ParamSpec] = []
    for runs in stack(c):
        for prefix, _ in runs:
            init = c.arg("init") or default
            found.append(ParamSpec(f"{prefix}Wx", (size, wide), "weight", init, size, units))
            found.append(ParamSpec(f"{prefix}Wh", (units, wide), "weight", init, units, units))
            for name in weights.biases if c.arg("bias") else ():
                found.append(ParamSpec(f"{prefix}{name}", (wide,), "bias", bias, size, units))
        size = units * len(runs)
    return tuple(found)


def recurrent_flops(c: ShapeContext, gates: int) -> Dim:
    """Return the cost: two products per step, and about ten operations per gate and unit."""
    units, size = c.arg("units"), c.input.shape[-1]
    total: Dim = 0
    for runs in stack(c):
        total = total + len(runs) * gates * units * (2 * size + 2 * units + 10)
        size = units * len(runs)
    return total * c.input.shape[0]


def recurrent_kept(c: ShapeContext, cell: Cell) -> Dim:
    """Return the entries of the tapes: the values that the backward pass needs of every step."""
    runs = sum(map(len, stack(c)))
    steps: Dim = c.input.shape[0]
    return steps * (runs * cell.parts * int(c.arg("units")))


# --- lowering -----------------------------------------------------------------------------

Core = Callable[[LowerContext, Value, Run], Value]
"""Computes from the input's contribution to the gates (B, T, gH) the states (B, T, H)."""


def lower_recurrent(c: LowerContext, bias: str, core: Core) -> Value:
    """Emit the stacked layers; return the requested states of the last one."""
    h = c.x
    layers = stack(c)
    for place, runs in enumerate(layers, 1):
        states = [core(c, _to_gates(c, h, run, bias), run) for run in runs]
        if place == len(layers):
            break
        h = dropped(c, _side_by_side(states, 2), place)
    if c.arg("return") == "all":
        return c.note(_side_by_side(states, 2), "h after every step")
    last = [_last(c, h, run) for h, run in zip(states, runs, strict=True)]
    whose = "each row's own" if c.lengths is not None else "the"
    return c.note(_side_by_side(last, 1), f"h after {whose} last step")


def _to_gates(c: LowerContext, x: Value, run: Run, bias: str) -> Value:
    """x Wx + b for all steps of all rows, as one product."""
    batch, steps, size = x.type.shape
    z = reshape(x, (batch * steps, size)) @ c.param(f"{run.prefix}Wx")
    if c.arg("bias"):
        z = c.note(z + c.param(f"{run.prefix}{bias}"), "x W + b of all steps at once")
    z = reshape(z, (batch, steps, z.type.shape[1]))
    return c.build.describe(z, hint=name_of(c, run, "z"))


def dropped(c: LowerContext, h: Value, place: int) -> Value:
    """The states between two stacked layers, with dropout in training."""
    rate = c.arg("dropout")
    if rate == 0:
        return h
    mask = c.build.emit("dropout_mask", h, rate=rate, name=f"{c.name}.l{place}")
    mask = c.build.describe(mask, hint=f"{c.name}_l{place}_mask")
    dropped = c.build.describe(h * mask, hint=f"{c.name}_l{place}_dropped")
    return c.note(dropped, "dropout between the layers")


def _side_by_side(values: list[Value], axis: int) -> Value:
    return values[0] if len(values) == 1 else concat(tuple(values), axis)


def _last(c: LowerContext, h: Value, run: Run) -> Value:
    """The state after a pass's last step, which in reverse is the row's first position."""
    batch, steps, size = h.type.shape
    if c.lengths is not None and not run.reverse:
        return last_step(h, c.lengths)
    at: Dim = 0 if run.reverse else steps - 1
    return reshape(narrow(h, 1, at, at + 1), (batch, size))


def named(c: LowerContext, tape: Value, run: Run, formula: str) -> Value:
    """Attach a formula to a core's value, and a name hint from its layer and pass."""
    return c.build.describe(tape, formula=formula, hint=name_of(c, run, "tape"))


def name_of(c: LowerContext, run: Run, what: str) -> str:
    """Return a name such as `lstm1_l2_reverse_tape`."""
    return f"{c.name}.{run.prefix}{what}".replace(".", "_")


def given_lengths(c: LowerContext) -> tuple[Value, ...]:
    """Return the core's operands for row lengths: none if no row is padded."""
    return () if c.lengths is None else (c.lengths,)
