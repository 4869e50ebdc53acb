"""repeat: repeats a row along a new first axis."""

from __future__ import annotations

from dataclasses import replace

from ..ir.types import TensorType
from ..kinds.arguments import Int, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import require_floats
from ..kinds.stepping.context import StepContext, Stepped, step_rule
from ..ops.build import Value
from ..ops.shape import broadcast, reshape
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    copies = c.input.with_shape((c.arg("copies"), *c.input.shape))
    return replace(copies, ragged_axis=c.input.ragged_axis + 1) if c.input.ragged else copies


def _lower(c: LowerContext) -> Value:
    batch, *rest = c.x.type.shape
    one = reshape(c.x, (batch, 1, *rest))
    return c.note(broadcast(one, (batch, c.arg("copies"), *rest)), "the same for every copy")


@step_rule("every position by itself")
def _step(c: StepContext) -> Stepped:
    return Stepped(c.time + 1)


layer(
    LayerKind(
        name="repeat",
        family=Family.SHAPE,
        summary="makes n copies along a new first axis",
        formula="D becomes nxD, TxD becomes nxTxD",
        example="input 6 -> repeat 3 -> dense 4 tanh -> flatten -> dense 1; loss mse",
        args=(positional("copies", Int(low=1), "number of copies"),),
        shape=_shape,
        lower=_lower,
        step=_step,
        torch="x.unsqueeze(1).expand(-1, n, *x.shape[1:])",
        keras="RepeatVector(n)",
        notes="One map for n groups of filters: `input Tx768 -> repeat 12` has 12 channels.",
    )
)
