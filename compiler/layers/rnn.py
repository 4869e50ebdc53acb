"""rnn: the simple recurrent cell."""

from __future__ import annotations

from dataclasses import replace

from ..diagnostics.codes import shapes as codes
from ..diagnostics.suggest import listing
from ..ir.dims import Dim
from ..ir.layer_graph import Activation
from ..ir.reading import number
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind, ParamSpec, Trailing, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.stepping.memory import Memory
from ..ops.build import Value
from ..ops.recurrent import NONLINEARITIES, RNN
from . import recurrent
from .recurrent import Run, Start, Weights
from .recurrent_step import gates, keep_state, state_before, steps_forward
from .registry import LAYERS, layer


def _shape(c: ShapeContext) -> TensorType:
    own = c.layer.activation
    result = recurrent.recurrent_shape(c)
    if own is not None and not _invertible(own):
        raise ShapeFault(
            codes.CELL_NONLINEARITY,
            f"`{_written(own)}` cannot be the nonlinearity of a recurrent cell",
            here="the activation behind rnn works inside of its cell, at every step",
            help=f"choose one of {listing(NONLINEARITIES)}, "
            f"or write `-> {_written(own)}` to apply it to what comes out",
            result=result,
        )
    return result


def _written(own: Activation) -> str:
    """Return the activation as text, with its upper bound if any."""
    bound = own.args.get("max")
    return own.kind if bound is None else f"{own.kind}(max={number(bound):g})"


def _number(own: Activation) -> float:
    return next((number(own.args[name]) for name in NONLINEARITIES[own.kind]), 1.0)


def _invertible(own: Activation) -> bool:
    """Return whether the derivative follows from the value: not if leaky_relu or elu has a < 0."""
    if own.kind not in NONLINEARITIES or own.args.get("max") is not None:
        return False
    return own.kind not in ("leaky_relu", "elu") or _number(own) >= 0


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    return recurrent.recurrent_params(c, Weights(1), c.arg("bias_init"), None)


def _core(c: LowerContext, x: Value, run: Run, start: Start) -> Value:
    own = c.activation
    act, number = (own.kind, _number(own)) if own else ("tanh", 1.0)
    given, attrs = (x, c.param(f"{run.prefix}Wh"), *start.values), start.attrs
    tape = c.build.emit("rnn_tape", *given, act=act, number=number, reverse=run.reverse, **attrs)
    return recurrent.named(c, tape, run, f"h = {act}(x Wx + b + h Wh), step by step")


def _lower(c: LowerContext) -> Value:
    return recurrent.lower_recurrent(c, "b", _core, RNN)


def _turn(c: LowerContext, memory: Memory, x: Value, run: Run) -> Value:
    own = c.activation
    z = gates(c, run, x, state_before(c, memory, run))
    inside = replace(c, args=own.args if own else {}, inputs=(z,), activation=None)
    new = LAYERS[own.kind if own else "tanh"].lower(inside)
    return keep_state(c, memory, run, new, f"h = {own.kind if own else 'tanh'}(z)")


def _flops(c: ShapeContext) -> Dim:
    return recurrent.recurrent_flops(c, 1)


def _kept(c: ShapeContext) -> Dim:
    return recurrent.recurrent_kept(c, RNN)


layer(
    LayerKind(
        name="rnn",
        family=Family.WEIGHTS,
        summary="simple recurrent cell: the state is a nonlinearity of the input and the state before",
        formula="h = tanh(x Wx + h Wh + b), or the activation that is given in place of tanh",
        example="input Tx8 -> rnn 32 relu -> dense 2 softmax; loss crossentropy",
        args=recurrent.arguments(),
        shape=_shape,
        params=_params,
        lower=_lower,
        own_lengths=always,
        step=steps_forward("b", _turn),
        flops=_flops,
        kept=_kept,
        aliases=("simple_rnn", "simplernn"),
        trailing=Trailing.OWN,
        torch="nn.RNN(in, units, num_layers=layers, nonlinearity=…, batch_first=True)",
        keras="SimpleRNN(units, return_sequences=…)",
        notes="A trailing activation is that of the cell, at every step: "
        + ", ".join(NONLINEARITIES)
        + ". b is the sum of PyTorch's two biases. "
        + recurrent.NOTES,
    )
)
