"""Recurrent cores: the time steps in order, each computed from the previous state.

A core reads the input's contribution to the gates at every step, x (B, T, gH), from one earlier
matrix product. Its value is a tape (B, T, kH): the values that the backward pass needs of each
step, side by side, with the previous state in the last but one H columns and the state h in the
last. A core's adjoint is the gradient with respect to x; the gradient of Wh follows by one matrix
product over all steps.

With `lengths`, steps beyond a row's length have zero state and no gradient.

A `started` core has its first state as last input: h (B, H), for an lstm h and c (B, 2H). Its
adjoint then has one more step, (B, T + 1, gH), whose first columns are the gradient with respect to
that state. With `cells` the cell is read as well as the state; the adjoint takes the gradients of
both, side by side.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..ir.dims import Dim, fixed, product
from ..ir.types import DType, TensorType
from .build import Value
from .elementwise import unbroadcast
from .registry import (
    ADJOINT,
    ZERO,
    Attrs,
    Gradient,
    GradientRule,
    OpDef,
    Parts,
    Sample,
    Types,
    Undefined,
    op,
    sample,
)
from .shape import concat, embed, narrow, reshape, transpose


@dataclass(frozen=True, slots=True)
class Cell:
    """The number of blocks of H columns in a cell's x and in its tape."""

    gates: int
    parts: int


RNN, LSTM, GRU = Cell(1, 2), Cell(4, 7), Cell(3, 6)


def states_of(tape: Value, cell: Cell) -> Value:
    """The state h after every step, (B, T, H)."""
    return tape.builder.emit("states_of", tape, size=_hidden(tape.type, cell.parts))


def cells_of(tape: Value, cell: Cell) -> Value:
    """The cell c of an lstm after every step, (B, T, H)."""
    return tape.builder.emit("cells_of", tape, size=_hidden(tape.type, cell.parts))


def last_step(h: Value, lengths: Value) -> Value:
    """The state at each row's last step, (B, H)."""
    return h.builder.emit("last_step", h, lengths)


def _hidden(type: TensorType, parts: int) -> int:
    return fixed(type.shape[-1]) // parts


def _last_axis(type: TensorType, size: Dim) -> TensorType:
    return TensorType((*type.shape[:-1], size))


def _rows(x: Value) -> Value:
    """Reshape to one matrix row for each step of each row."""
    return reshape(x, (product(x.type.shape[:-1]), x.type.shape[-1]))


def _hidden_weights(tape: Value, cell: Cell, dz: Value) -> Value:
    """Σ over rows and steps of (previous state)ᵀ dz, as one product."""
    before = tape.builder.emit("states_before", tape, size=_hidden(tape.type, cell.parts))
    return transpose(_rows(before)) @ _rows(dz)


def _back(c: Gradient, name: str) -> tuple[Value, Parts]:
    """The adjoint of the core: the gradients with respect to x, and to lengths and first state."""
    lengths = [v for v in c.inputs if v.type.dtype is DType.INT]
    attrs, build = dict(c.node.attrs), c.g.builder
    if not attrs.get("started"):
        dx = build.emit(name, c.out, c.inputs[1], c.g, *lengths, **attrs)
        return dx, [ZERO] * len(lengths)
    start, steps = c.inputs[-1], c.x.type.shape[1]
    both = build.emit(name, c.out, c.inputs[1], c.g, *lengths, start, **attrs)
    build.describe(both, formula="dx of every step, from the last one back, and dstart behind it")
    last = narrow(narrow(both, 1, steps, steps + 1), 2, 0, start.type.shape[1])
    d_start = reshape(last, start.type.shape)
    build.describe(d_start, formula="the gradient by the first state")
    return narrow(both, 1, 0, steps), [*[ZERO] * len(lengths), d_start]


def _tape_gradient(name: str, cell: Cell) -> GradientRule:
    def rule(c: Gradient) -> Parts:
        dx, more = _back(c, name)
        return [dx, _hidden_weights(c.out, cell, dx), *more]

    return rule


def _gru_gradient(c: Gradient) -> Parts:
    dx, more = _back(c, "gru_back")
    dz = c.g.builder.emit("gru_hidden", dx, c.out)
    return [dx, _hidden_weights(c.out, GRU, dz), unbroadcast(dz, c.inputs[2].type), *more]


def _beside(c: Gradient, place: int) -> Value:
    """The gradient of a tape by that of its states (place 0) or cells (1): of both, side by side."""
    tape, size = c.g.builder.nodes[c.x.id], c.attr("size")
    if not dict(tape.attrs).get("cells"):
        return c.g
    return embed(c.g, 2, place * size, 2 * size)


def _composed(name: str, cell: Cell) -> Callable[[tuple[Value, ...], Attrs], Value]:
    def emit(inputs: tuple[Value, ...], attrs: Attrs) -> Value:
        return states_of(inputs[0].builder.emit(name, *inputs, **attrs), cell)

    return emit


def _states_and_cells(inputs: tuple[Value, ...], attrs: Attrs) -> Value:
    tape = inputs[0].builder.emit("lstm_tape", *inputs, **attrs, cells=True)
    return concat((states_of(tape, LSTM), cells_of(tape, LSTM)), 2)


def _core(
    kind: str,
    cell: Cell,
    rule: GradientRule,
    formulas: tuple[str, ...],
    samples: tuple[Sample, ...],
) -> None:
    """Register a core, `KIND_tape`, and its adjoint, `KIND_back`."""

    def tape_type(types: Types, _: Attrs) -> TensorType:
        return _last_axis(types[0], cell.parts * _hidden(types[0], cell.gates))

    def states_type(types: Types, attrs: Attrs) -> TensorType:
        read = 2 if attrs.get("cells") else 1
        return _last_axis(types[0], read * _hidden(types[0], cell.gates))

    def back_type(types: Types, attrs: Attrs) -> TensorType:
        batch, steps, _ = types[0].shape
        more = 1 if attrs.get("started") else 0
        return TensorType((batch, steps + more, cell.gates * _hidden(types[0], cell.parts)))

    op(
        OpDef(
            f"{kind}_tape",
            tape_type,
            rule,
            tape=states_type,
            composed=_composed(f"{kind}_tape", cell),
            formulas=formulas,
            samples=samples,
        )
    )
    op(OpDef(f"{kind}_back", back_type, ADJOINT))


def _samples(cell: Cell, bias: bool, *attrs: dict[str, Any]) -> tuple[Sample, ...]:
    """Samples with equal and different row lengths, three steps and one, in both directions."""
    found = []
    for hidden, steps, given in ((2, 3, attrs[0]), (3, 1, attrs[0]), *((2, 4, a) for a in attrs)):
        for reverse in (False, True):
            own = [(hidden, cell.gates * hidden), *([(cell.gates * hidden,)] if bias else [])]
            kept, begun = {**given, "reverse": reverse}, {
                **given,
                "reverse": reverse,
                "started": True,
            }
            x, start = (3, steps, cell.gates * hidden), (3, (2 if cell is LSTM else 1) * hidden)
            lengths = {1 + len(own): steps}
            found.append(Sample((x, *own), kept))
            found.append(Sample((x, *own, (3,)), kept, ints=lengths))
            found.append(Sample((x, *own, start), begun))
            found.append(Sample((x, *own, (3,), start), begun, ints=lengths))
    return tuple(found)


NONLINEARITIES: dict[str, tuple[str, ...]] = {
    "tanh": (),
    "relu": (),
    "leaky_relu": ("a",),
    "elu": ("a",),
    "selu": (),
    "softplus": (),
    "softsign": (),
    "sigmoid": ("beta",),
    "hard_sigmoid": (),
    "hard_tanh": (),
    "id": (),
}
"""The possible activations of a simple cell, with the argument for their slope or scale.

All are monotonic, so their derivative follows from their value, which is on the tape.
"""

_NUMBERS = {"leaky_relu": 0.3, "elu": 0.7, "sigmoid": 1.6}

_FORMULA = "dx of every step, from the last one back"
_core(
    "rnn",
    RNN,
    _tape_gradient("rnn_back", RNN),
    (_FORMULA, "dWh = Σₜ hₜ₋₁ᵀ dzₜ"),
    _samples(
        RNN,
        False,
        *({"act": word, "number": _NUMBERS.get(word, 1.0)} for word in NONLINEARITIES),
    ),
)
_core(
    "lstm",
    LSTM,
    _tape_gradient("lstm_back", LSTM),
    (_FORMULA, "dWh = Σₜ hₜ₋₁ᵀ dzₜ"),
    _samples(LSTM, False, {}),
)
_core(
    "gru",
    GRU,
    _gru_gradient,
    (_FORMULA, "dWh = Σₜ hₜ₋₁ᵀ duₜ, u = h Wh + bh", "dbh = Σ du"),
    _samples(GRU, True, {}),
)


# The gradient of h Wh + bh from that of x: they differ by the factor r in the third block.
op(OpDef("gru_hidden", lambda types, _: types[0], ADJOINT))
op(
    OpDef(
        "states_of",
        lambda types, attrs: _last_axis(types[0], attrs["size"]),
        lambda c: [_beside(c, 0)],  # the gradient of a tape has the shape of what is read
        view=True,
        samples=(sample((2, 3, 4), size=4),),
    )
)
op(
    OpDef(
        "cells_of",
        lambda types, attrs: _last_axis(types[0], attrs["size"]),
        lambda c: [_beside(c, 1)],
        view=True,
        composed=_states_and_cells,
        samples=tuple(
            Sample((*shapes, *more), {"reverse": reverse, **attrs}, ints=ints)
            for reverse in (False, True)
            for shapes in [((3, 4, 8), (2, 8))]
            for more, attrs, ints in (
                ((), {}, {}),
                (((3,),), {}, {2: 4}),
                (((3,), (3, 4)), {"started": True}, {2: 4}),
            )
        ),
    )
)
op(
    OpDef(
        "states_before",
        lambda types, attrs: _last_axis(types[0], attrs["size"]),
        Undefined("a tape takes the gradient of its states alone"),
        view=True,
    )
)


def _last_type(types: Types, _: Attrs) -> TensorType:
    return TensorType((types[0].shape[0], types[0].shape[2]))


def _last_gradient(c: Gradient) -> Parts:
    steps = c.inputs[0].type.shape[1]
    return [c.g.builder.emit("at_last_step", c.g, c.inputs[1], steps=steps), ZERO]


def _spread_type(types: Types, attrs: Attrs) -> TensorType:
    return TensorType((types[0].shape[0], attrs["steps"], types[0].shape[1]))


op(
    OpDef(
        "last_step",
        _last_type,
        _last_gradient,
        samples=(Sample(((3, 4, 2), (3,)), {}, ints={1: 4}),),
        formulas=("dh = dy at each row's last step, zero before",),
    )
)
op(
    OpDef(
        "at_last_step",
        _spread_type,
        lambda c: [last_step(c.g, c.inputs[1]), ZERO],
        samples=(Sample(((3, 2), (3,)), {"steps": 4}, ints={1: 4}),),
    )
)
