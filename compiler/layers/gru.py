"""gru: gated recurrent unit."""

from __future__ import annotations

from ..ir.dims import Dim
from ..ir.layer_graph import Call
from ..kinds.layer import Family, LayerKind, ParamSpec, Trailing, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..ops.build import Value
from ..ops.recurrent import GRU
from . import recurrent
from .recurrent import Run, Start, Weights
from .registry import layer


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    weights = Weights(3, ("bx", "bh"))
    start = Call("xavier", {}, c.layer.head)
    return recurrent.recurrent_params(c, weights, c.arg("bias_init"), start)


def _core(c: LowerContext, x: Value, run: Run, start: Start) -> Value:
    wide = x.type.shape[2]
    bias = c.param(f"{run.prefix}bh") if c.arg("bias") else c.build.emit("zeros", shape=(wide,))
    given = (x, c.param(f"{run.prefix}Wh"), bias, *start.values)
    tape = c.build.emit("gru_tape", *given, reverse=run.reverse, **start.attrs)
    return recurrent.named(c, tape, run, "h = (1 − z) n + z h, step by step")


def _lower(c: LowerContext) -> Value:
    return recurrent.lower_recurrent(c, "bx", _core, GRU)


def _flops(c: ShapeContext) -> Dim:
    return recurrent.recurrent_flops(c, 3)


def _kept(c: ShapeContext) -> Dim:
    return recurrent.recurrent_kept(c, GRU)


layer(
    LayerKind(
        name="gru",
        family=Family.WEIGHTS,
        summary="gated recurrent unit: gates control how the state is reset and updated",
        formula="u = h Wh + bh; r = σ(x Wx + bx + u), z = σ(x Wx + bx + u), "
        "n = tanh(x Wx + bx + r u), h = (1 − z) n + z h",
        example="input Tx768 ragged -> gru 100 -> dense 2 softmax; loss crossentropy",
        args=recurrent.arguments(),
        shape=recurrent.recurrent_shape,
        params=_params,
        lower=_lower,
        own_lengths=always,
        flops=_flops,
        kept=_kept,
        trailing=Trailing.NO,
        torch="nn.GRU(in, units, num_layers=layers, batch_first=True, dropout=…, bidirectional=…)",
        keras="GRU(units, reset_after=True, return_sequences=…)",
        notes="The gates are in PyTorch's order, r z n, H columns each. r multiplies u including its "
        "bias, so bx and bh are separate (PyTorch's bias_ih and bias_hh). " + recurrent.NOTES,
    )
)
