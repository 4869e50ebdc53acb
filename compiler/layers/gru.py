"""gru: gated recurrent unit."""

from __future__ import annotations

from ..ir.dims import Dim
from ..ir.layer_graph import Call
from ..kinds.layer import Family, LayerKind, ParamSpec, Trailing, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.stepping.memory import Memory
from ..ops.build import Value
from ..ops.elementwise import unary
from ..ops.recurrent import GRU
from ..ops.source import const
from . import recurrent
from .recurrent import Run, Start, Weights
from .recurrent_step import block, gate, keep_state, state_before, steps_forward
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


def _turn(c: LowerContext, memory: Memory, x: Value, run: Run) -> Value:
    h = state_before(c, memory, run)
    u = h @ c.param(f"{run.prefix}Wh")
    if c.arg("bias"):
        u = u + c.param(f"{run.prefix}bh")
    text = "u = h Wh" + " + bh" * c.arg("bias")
    c.build.describe(u, hint=recurrent.name_of(c, run, "u"), formula=f"{text}, what the state says")
    r = gate(c, run, block(c, x, 0) + block(c, u, 0), "r", "r = σ(x + u), how much of u counts")
    z = gate(c, run, block(c, x, 1) + block(c, u, 1), "z", "z = σ(x + u), how much of h is kept")
    n = unary("tanh", block(c, x, 2) + r * block(c, u, 2))
    c.build.describe(n, hint=recurrent.name_of(c, run, "n"), formula="n = tanh(x + r u)")
    new = (const(c.build, 1.0) - z) * n + z * h
    return keep_state(c, memory, run, new, "h = (1 − z) n + z h")


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
        step=steps_forward("bx", _turn),
        flops=_flops,
        kept=_kept,
        trailing=Trailing.NO,
        torch="nn.GRU(in, units, num_layers=layers, batch_first=True, dropout=…, bidirectional=…)",
        keras="GRU(units, reset_after=True, return_sequences=…)",
        notes="The gates are in PyTorch's order, r z n, H columns each. r multiplies u including its "
        "bias, so bx and bh are separate (PyTorch's bias_ih and bias_hh). " + recurrent.NOTES,
    )
)
