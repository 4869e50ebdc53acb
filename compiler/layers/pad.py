"""pad: zeros around the spatial axes."""

from __future__ import annotations

from collections.abc import Mapping

from ..diagnostics.codes import shapes as codes
from ..ir.layer_graph import ArgValue
from ..ir.types import TensorType
from ..kinds.arguments import SizeOf, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import require_floats
from ..kinds.shapes.windows import both_ends, check_axes
from ..kinds.stepping.rules import needs_all_positions
from ..ops.build import Value
from ..ops.conv import Pads
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
    check_axes(c, c.input.rank - 1, "size")
    first, *spatial = c.input.shape
    ends = _ends(c.args, len(spatial))
    sizes = (n + sum(both) for n, both in zip(spatial, ends, strict=True))
    return c.input.with_shape((first, *sizes))


def _ends(args: Mapping[str, ArgValue], axes: int) -> Pads:
    """The zeros in front of and behind every spatial axis."""
    return both_ends(args["size"], axes)


def _lower(c: LowerContext) -> Value:
    value = c.x
    if c.lengths is not None:
        value = c.masked(value, _ragged_axis(c))
    for axis, (before, after) in enumerate(_ends(c.args, value.type.rank - 2), 2):
        value = embed(value, axis, before, value.type.shape[axis] + before + after)
    return c.note(value, "zeros around the data")


def _ragged_axis(c: LowerContext) -> int:
    return c.result.ragged_axis + 1


def _lengths(c: LowerContext) -> Value | None:
    if c.lengths is None or _ragged_axis(c) == 1:
        return c.lengths
    both = _ends(c.args, c.result.rank - 1)[_ragged_axis(c) - 2]
    return window_lengths(c.lengths, kernel=1, stride=1, pad=sum(both))


layer(
    LayerKind(
        name="pad",
        family=Family.SHAPE,
        summary="adds zeros around the spatial axes",
        formula="CxHxW becomes Cx(H+2n)x(W+2n)",
        example="input 1x5x5 -> pad 1 -> flatten -> dense 2 softmax; loss crossentropy",
        args=(
            positional(
                "size",
                SizeOf(low=0, sides=True),
                "zeros at both ends of every axis: `1`, or `1:0` in front only, or `(0:1)x2` by axis",
            ),
        ),
        shape=_shape,
        lower=_lower,
        step=needs_all_positions(
            "adds positions at both ends",
            "leave it out; `conv` with `pad=causal` brings the zeros that it needs",
        ),
        lengths=_lengths,
        torch="nn.ZeroPad2d(n), F.pad(x, (left, right, above, below))",
        keras="ZeroPadding2D(n), ZeroPadding2D(((above, below), (left, right)))",
        notes="The first axis, of the channels, is not padded.",
    )
)
