"""flatten: joins all axes of a row."""

from __future__ import annotations

from ..ir.dims import product
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import refuse_mixing
from ..kinds.stepping.rules import SUM_UP, needs_all_positions
from ..ops.build import Value
from ..ops.shape import reshape
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    if c.input.ragged and c.input.rank > 1:
        raise refuse_mixing(
            c,
            "join the positions of a row",
            "leave out `flatten` and work on every position, as `dense` does",
        )
    return c.input.with_shape((product(c.input.shape),))


def _lower(c: LowerContext) -> Value:
    return reshape(c.x, c.result.batched().shape)


layer(
    LayerKind(
        name="flatten",
        family=Family.SHAPE,
        summary="joins all axes of a row to one axis of features",
        formula="CxHxW becomes C·H·W, the last axis running fastest",
        example="input 1x28x28 -> flatten -> dense 10 softmax; loss crossentropy",
        shape=_shape,
        lower=_lower,
        step=needs_all_positions("joins all positions", SUM_UP),
        is_view=True,
        torch="nn.Flatten()",
        keras="Flatten()",
    )
)
