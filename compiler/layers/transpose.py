"""transpose: swaps the two axes of a row."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.axes import permuted
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.stepping.context import StepContext, Stepped, step_rule
from ..ops.build import Value
from ..ops.shape import transpose
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    if c.input.rank != 2:
        rank = c.input.rank
        order = " ".join(map(str, (*range(rank - 2), rank - 1, rank - 2)))
        raise ShapeFault(
            codes.AXIS_COUNT,
            f"transpose swaps two axes, but {c.input} has {rank}",
            here=f"needs 2 axes, the input is {c.input}",
            help=(
                f"name the new order of the axes, for example `permute {order}`"
                if rank > 2
                else "leave it out: a row of features has nothing to swap"
            ),
            replace=f"permute {order}" if rank > 2 else "",
        )
    return permuted(c.input, (1, 0))


def _lower(c: LowerContext) -> Value:
    return c.note(transpose(c.x, (0, 2, 1)), "y = xᵀ of every row")


@step_rule("every position by itself")
def _step(c: StepContext) -> Stepped:
    """Return the value itself: at one position, one axis is left."""
    return Stepped(1 - c.time, lower=lambda c, _: c.x)


layer(
    LayerKind(
        name="transpose",
        family=Family.SHAPE,
        summary="swaps the two axes of a row: TxD becomes DxT",
        formula="y[j, i] = x[i, j]",
        example="input Tx16 -> transpose -> mean axis=1 -> dense 1; loss mse",
        shape=_shape,
        lower=_lower,
        step=_step,
        torch="x.transpose(1, 2)",
        keras="Permute((2, 1))",
        notes="Converts positions of features (TxD), which recurrent layers read, to channels "
        "(CxL), which convolution reads, and back.",
    )
)
