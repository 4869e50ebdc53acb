"""repeat: repeats a row along a new first axis."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..ir.dims import Dim, symbol
from ..ir.layer_graph import ArgValue
from ..ir.reading import whole
from ..ir.types import TensorType
from ..kinds.arguments import Int, positional
from ..kinds.layer import Family, LayerKind, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import refuse_mixing, require_floats
from ..kinds.stepping.context import LooksAhead, StepContext, Stepped, step_rule
from ..ops.build import Value
from ..ops.shape import broadcast, reshape
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    alone = replace(c, inputs=c.inputs[:1])
    require_floats(alone)
    copies = c.input.with_shape((_copies(c.args), *c.input.shape))
    if not c.input.ragged:
        return replace(copies, ragged=len(c.inputs) > 1, ragged_axis=0)
    if len(c.inputs) > 1:
        raise refuse_mixing(
            alone,
            f"pad rows of different lengths along {c.arg('copies')}, too",
            "reduce the positions first, for example with `mean axis=0`",
        )
    return replace(copies, ragged_axis=c.input.ragged_axis + 1)


def _copies(args: Mapping[str, ArgValue]) -> Dim:
    """How many copies: a number, or a size of an input."""
    count = args["copies"]
    return symbol(count) if isinstance(count, str) else whole(count)


def _lengths(c: LowerContext) -> Value | None:
    return c.each_lengths[1] if len(c.inputs) > 1 else c.lengths


def _lower(c: LowerContext) -> Value:
    batch, *rest = c.x.type.shape
    one = reshape(c.x, (batch, 1, *rest))
    copies = _copies(c.args)
    return c.note(broadcast(one, (batch, copies, *rest)), "the same for every copy")


@step_rule("every position by itself")
def _step(c: StepContext) -> Stepped:
    if isinstance(c.arg("copies"), str):
        raise LooksAhead("it copies a vector to all positions", help="leave out `repeat`")
    return Stepped(c.time + 1)


layer(
    LayerKind(
        name="repeat",
        family=Family.SHAPE,
        summary="makes n copies along a new first axis",
        formula="D becomes nxD, TxD becomes nxTxD",
        example="input 6 -> repeat 3 -> dense 4 tanh -> flatten -> dense 1; loss mse",
        args=(positional("copies", Int(low=1, sizes=True), "number of copies"),),
        shape=_shape,
        lower=_lower,
        lengths=_lengths,
        own_lengths=always,
        step=_step,
        torch="x.unsqueeze(1).expand(-1, n, *x.shape[1:])",
        keras="RepeatVector(n)",
        notes="One map for n groups of filters: `input Tx768 -> repeat 12` has 12 channels. "
        "`repeat T`, with a symbolic size of an input, copies a vector to every position of that "
        "input; if the input is ragged, its lengths apply to the copies.",
    )
)
