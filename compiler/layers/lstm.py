"""lstm: long short-term memory."""

from __future__ import annotations

from ..ir.dims import Dim
from ..ir.layer_graph import Call
from ..kinds.arguments import Init, option
from ..kinds.layer import Family, LayerKind, ParamSpec, Trailing, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..ops.build import Value
from ..ops.recurrent import LSTM
from . import recurrent
from .recurrent import Run, Start, Weights
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
