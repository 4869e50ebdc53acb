"""Shared code of the recurrent layers rnn, lstm and gru: arguments, shapes, weights, stacking.

One matrix product computes the input's contribution for all steps of all rows; a core
(`ops.recurrent`) then processes the steps in order. Each layer provides its core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim
from ..ir.layer_graph import ArgValue, Call
from ..ir.op_graph import Attr
from ..ir.reading import whole
from ..ir.types import DType, TensorType
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
    ValueName,
    option,
    positional,
)
from ..kinds.layer import ParamSpec
from ..kinds.lower.context import Ends, LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import check_in, require_positions
from ..ops.build import Value
from ..ops.recurrent import LSTM, Cell, cells_of, last_step, states_of
from ..ops.shape import concat, embed, narrow, reshape

RECURRENT = ("rnn", "lstm", "gru")

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
        option(
            "start",
            ValueName(),
            "the first state, in place of zeros: the value of this stage, of size H",
        ),
        IN_ARG,
        BIAS_ARG,
        INIT_ARG,
        bias_init,
    )


NOTES = (
    "Stacked layers are called l1, l2, …, the second direction `reverse`: `l2.reverse.Wx`. "
    "With `ragged`, every row ends, and in reverse begins, at its last step, as with "
    "PyTorch's pack_padded_sequence; lengths may be in any order. `return=all` keeps the "
    "order of the steps, also in reverse, and pads with zeros. With `start=NAME` the first state is "
    "the named value, and gradients flow back into it; a named recurrent layer gives its last state, "
    "whatever it returns. Stacked layers start with the states of a stack of as many layers, "
    "otherwise all of them with the same value."
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
    size = require_positions(replace(c, inputs=c.inputs[:1]))
    width = _width(c.args)
    every = c.input.with_shape((c.input.shape[0], width))
    result = every if c.arg("return") == "all" else TensorType((width,))
    check_in(c, size, result)
    check_start(c, result)
    return result


def _width(args: Mapping[str, ArgValue]) -> int:
    """The size of the state, of both directions together."""
    return whole(args["units"]) * (2 if args["bidirectional"] else 1)


def check_start(c: ShapeContext, result: TensorType) -> None:
    """Refuse a first state that is not a vector of size H; `result` is the layer's type."""
    if len(c.inputs) < 2:
        return
    name, units, type = c.arg("start"), c.arg("units"), c.inputs[1]
    if c.arg("bidirectional"):
        raise _no_start(
            c,
            result,
            f"{c.kind} in both directions has two first states",
            f"`{name}` is one value",
            f"write two layers, `{c.kind} {units}` and `{c.kind} {units} reverse=true`, in a fork",
        )
    source = c.feeds[1] if len(c.feeds) > 1 else None
    if source is not None and source.kind in RECURRENT:
        size: Dim = _width(source.args)
    elif type.rank == 1 and type.dtype is DType.FLOAT and not type.ragged:
        size = type.shape[0]
    else:
        raise _no_start(
            c,
            result,
            f"the first state of {c.kind} is a vector of {units} numbers, not {type}",
            f"`{name}` is {type}",
            "name a recurrent layer, or a stage that gives a vector, such as `mean axis=0 -> "
            f"dense {units}`",
        )
    if size != units:
        raise _no_start(
            c,
            result,
            f"a first state of size {size} for a {c.kind} with states of size {units}",
            f"`{name}` is of size {size}",
            f"write `{c.kind} {size}`, or put `dense {units}` behind `{name}` and name that",
        )


def _no_start(c: ShapeContext, result: TensorType, what: str, here: str, help: str) -> ShapeFault:
    return ShapeFault(
        codes.START_MISMATCH, what, at="start", here=here, help=help, blame=1, result=result
    )


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


@dataclass(frozen=True, slots=True)
class Start:
    """The inputs of a core after x and weights (row lengths, first state), and its attributes."""

    values: tuple[Value, ...]
    attrs: Mapping[str, Attr]


Core = Callable[[LowerContext, Value, Run, Start], Value]
"""Computes from the input's contribution to the gates (B, T, gH) the tape of all steps."""


def lower_recurrent(c: LowerContext, bias: str, core: Core, cell: Cell) -> Value:
    """Emit the stacked layers; return the requested states of the last one."""
    h = c.x
    layers = stack(c)
    ends: list[Value] = []
    cells: list[Value] = []
    for place, runs in enumerate(layers, 1):
        start = _start(c, place, cell)
        tapes: list[Value] = []
        states: list[Value] = []
        for run in runs:
            tapes.append(core(c, _to_gates(c, h, run, bias), run, start))
            states.append(states_of(tapes[-1], cell))
        if c.followers or (place == len(layers) and c.arg("return") == "last"):
            ends.append(_ends(c, states, runs))
        if _keeps_cells(c, cell):
            cells.append(_ends(c, [cells_of(tape, cell) for tape in tapes], runs))
        if place < len(layers):
            h = dropped(c, _side_by_side(states, 2), place)
    if c.followers:
        c.ends[c.name] = Ends(tuple(ends), tuple(cells))
    if c.arg("return") == "all":
        return c.note(_side_by_side(states, 2), "h after every step")
    whose = "each row's own" if c.lengths is not None else "the"
    return c.note(ends[-1], f"h after {whose} last step")


def _ends(c: LowerContext, values: list[Value], runs: list[Run]) -> Value:
    """The values after the last step, both directions side by side."""
    last = [_last(c, value, run) for value, run in zip(values, runs, strict=True)]
    return _side_by_side(last, 1)


def _keeps_cells(c: LowerContext, cell: Cell) -> bool:
    """Whether another lstm begins with this one's last cell."""
    return cell is LSTM and "lstm" in c.followers


def _start(c: LowerContext, place: int, cell: Cell) -> Start:
    """Row lengths and first state for a core, each left out if there is none.

    The first state of an lstm is h and c side by side; c is zero unless an lstm is named.
    """
    lengths = () if c.lengths is None else (c.lengths,)
    attrs = {"cells": True} if _keeps_cells(c, cell) else {}
    if len(c.inputs) < 2:
        return Start(lengths, attrs)
    ends = c.ends.get(c.sources[1])
    value = c.inputs[1]
    if ends is not None:
        at = place - 1 if len(ends.states) == len(stack(c)) else -1
        value = ends.states[at]
        if cell is LSTM and ends.cells:
            value = concat((value, ends.cells[at]), 1)
            c.build.describe(value, hint=f"{c.name}_start", formula="the first h and c")
            return Start((*lengths, value), {**attrs, "started": True})
    if cell is LSTM:
        value = embed(value, 1, 0, 2 * c.arg("units"))
        c.build.describe(value, hint=f"{c.name}_start", formula="the first h; the first c is zero")
    return Start((*lengths, value), {**attrs, "started": True})


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
