"""permute: reorders the axes of a row."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.types import TensorType
from ..kinds.arguments import Ints, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.axes import permuted
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.stepping.context import StepContext, Stepped, step_rule
from ..kinds.stepping.rules import moved_axes
from ..ops.build import Value
from ..ops.shape import transpose
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    order, rank = c.arg("order"), c.input.rank
    if sorted(order) == list(range(rank)):
        return permuted(c.input, order)
    swapped = " ".join(map(str, (*range(1, rank), 0)))
    raise ShapeFault(
        codes.AXIS_COUNT,
        f"permute must name each of the {rank} axes of {c.input} once, not {' '.join(map(str, order))}",
        at="order",
        here=f"the axes are {', '.join(map(str, range(rank)))}",
        help=f"write every axis once, for example `permute {swapped}`; the batch axis is not counted",
    )


def _lower(c: LowerContext) -> Value:
    perm = (0, *(i + 1 for i in c.arg("order")))
    return c.note(transpose(c.x, perm), "the axes in another order")


@step_rule("every position by itself")
def _step(c: StepContext) -> Stepped:
    order, time = moved_axes(c.arg("order"), c.time)
    return Stepped(time, {**c.args, "order": order})


layer(
    LayerKind(
        name="permute",
        family=Family.SHAPE,
        summary="reorders the axes of a row",
        formula="axis i of the result is axis order[i] of the input",
        example="input 28x28x3 -> permute 2 0 1 -> flatten -> dense 10 softmax; loss crossentropy",
        args=(positional("order", Ints(), "the old number of each new axis, counted from 0"),),
        shape=_shape,
        lower=_lower,
        step=_step,
        torch="x.permute(0, *(i + 1 for i in order))",
        keras="Permute(order), which counts from 1",
        notes="The batch axis is not counted: `permute 2 0 1` converts HxWxC to CxHxW.",
    )
)
