"""lstm: long short-term memory."""

from __future__ import annotations

from ..ir.dims import Dim
from ..ir.layer_graph import Call
from ..kinds.arguments import Init, option
from ..kinds.layer import Family, LayerKind, ParamSpec, Trailing, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.stepping.memory import Memory
from ..ops.build import Value
from ..ops.elementwise import unary
from ..ops.recurrent import LSTM
from . import recurrent
from .recurrent import Run, Start, Weights
from .recurrent_step import block, gate, gates, keep_state, state_before, steps_forward
from .registry import layer


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    start = c.arg("bias_init") or Call("forget_one", {}, c.layer.head)
    return recurrent.recurrent_params(c, Weights(4), start, Call("xavier", {}, c.layer.head))


def _core(c: LowerContext, x: Value, run: Run, start: Start) -> Value:
    given = (x, c.param(f"{run.prefix}Wh"), *start.values)
    tape = c.build.emit("lstm_tape", *given, reverse=run.reverse, **start.attrs)
    return recurrent.named(c, tape, run, "c = f c + i g, h = o tanh(c), step by step")


def _lower(c: LowerContext) -> Value:
    return recurrent.lower_recurrent(c, "b", _core, LSTM)


def _turn(c: LowerContext, memory: Memory, x: Value, run: Run) -> Value:
    h, cell = state_before(c, memory, run), state_before(c, memory, run, "c")
    z = gates(c, run, x, h)
    i = gate(c, run, block(c, z, 0), "i", "i = σ(z), how much is written")
    f = gate(c, run, block(c, z, 1), "f", "f = σ(z), how much is kept")
    g = unary("tanh", block(c, z, 2))
    c.build.describe(g, hint=recurrent.name_of(c, run, "g"), formula="g = tanh(z), what is written")
    o = gate(c, run, block(c, z, 3), "o", "o = σ(z), how much is read")
    new = keep_state(c, memory, run, f * cell + i * g, "c = f c + i g", "c")
    return keep_state(c, memory, run, o * unary("tanh", new), "h = o tanh(c)")


def _flops(c: ShapeContext) -> Dim:
    return recurrent.recurrent_flops(c, 4)


def _kept(c: ShapeContext) -> Dim:
    return recurrent.recurrent_kept(c, LSTM)


layer(
    LayerKind(
        name="lstm",
        family=Family.WEIGHTS,
        summary="long short-term memory: gates control how a cell is kept, written and read",
        formula="i, f, o = σ(x Wx + h Wh + b), g = tanh(x Wx + h Wh + b), c = f c + i g, h = o tanh(c)",
        example="input Tx768 ragged -> lstm 100 -> dense 2 softmax; loss crossentropy",
        args=recurrent.arguments(
            option(
                "bias_init",
                Init(),
                "initialisation of biases; default: 0, and 1 for the forget gate",
            )
        ),
        shape=recurrent.recurrent_shape,
        params=_params,
        lower=_lower,
        own_lengths=always,
        step=steps_forward("b", _turn),
        flops=_flops,
        kept=_kept,
        trailing=Trailing.NO,
        torch="nn.LSTM(in, units, num_layers=layers, batch_first=True, dropout=…, bidirectional=…)",
        keras="LSTM(units, return_sequences=…), in Bidirectional(…) where it is",
        notes="The gates are in PyTorch's order, i f g o, H columns each. b is the sum of "
        "PyTorch's two biases; its forget part starts at 1 (Jozefowicz et al. 2015). With `start=` the "
        "first cell c is the last one of an lstm that is named, else zero. " + recurrent.NOTES,
    )
)
