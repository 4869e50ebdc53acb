"""pad: zeros around the spatial axes."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.types import TensorType
from ..kinds.arguments import Int, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import require_floats
from ..kinds.stepping.rules import needs_all_positions
from ..ops.build import Value
from ..ops.ragged import window_lengths
from ..ops.shape import embed
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    if c.input.rank < 2:
        raise ShapeFault(
            codes.AXIS_COUNT,
            f"pad adds zeros around the spatial axes, but {c.input} has none",
            here=f"needs CxL or CxHxW, the input is {c.input}",
            help=f"make it one channel first: `reshape 1x{c.input.shape[0]}`",
            insert=f"reshape 1x{c.input.shape[0]}" if isinstance(c.input.shape[0], int) else "",
        )
    first, *spatial = c.input.shape
    return c.input.with_shape((first, *(n + 2 * c.arg("size") for n in spatial)))


def _lower(c: LowerContext) -> Value:
    size, value = c.arg("size"), c.x
    if c.lengths is not None:
        value = c.masked(value, _ragged_axis(c))
    for axis in range(2, value.type.rank):
        value = embed(value, axis, size, value.type.shape[axis] + 2 * size)
    return c.note(value, "zeros around the data")


def _ragged_axis(c: LowerContext) -> int:
    return c.result.ragged_axis + 1


def _lengths(c: LowerContext) -> Value | None:
    if c.lengths is None or _ragged_axis(c) == 1:
        return c.lengths
    return window_lengths(c.lengths, kernel=1, stride=1, pad=2 * c.arg("size"))


layer(
    LayerKind(
        name="pad",
        family=Family.SHAPE,
        summary="adds equally many zeros on every side of the spatial axes",
        formula="CxHxW becomes Cx(H+2n)x(W+2n)",
        example="input 1x5x5 -> pad 1 -> flatten -> dense 2 softmax; loss crossentropy",
        args=(positional("size", Int(low=0), "zeros added on each side"),),
        shape=_shape,
        lower=_lower,
        step=needs_all_positions(
            "adds positions at both ends",
            "leave it out; `conv` with `pad=causal` brings the zeros that it needs",
        ),
        lengths=_lengths,
        torch="nn.ZeroPad2d(n)",
        keras="ZeroPadding2D(n)",
        notes="The first axis, of the channels, is not padded.",
    )
)
