"""crop: a range of entries along the first axes."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim
from ..ir.types import TensorType
from ..kinds.arguments import Ranges, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import refuse_mixing
from ..kinds.stepping.context import LooksAhead, StepContext, Stepped, step_rule
from ..ops.build import Value
from ..ops.shape import narrow
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    ranges, shape = c.arg("ranges"), c.input.shape
    if len(ranges) > len(shape):
        raise ShapeFault(
            codes.AXIS_COUNT,
            f"crop is given {len(ranges)} ranges, but {c.input} has {len(shape)} axes",
            at="ranges",
            here="one range for each axis, the first axis first",
            help=f"leave out {len(ranges) - len(shape)} of them",
        )
    if c.input.ragged and len(ranges) > c.input.ragged_axis:
        raise refuse_mixing(c, "cut the positions of a row", "crop after reducing the positions")
    for axis, (_, stop) in enumerate(ranges):
        size = shape[axis]
        if isinstance(size, int) and stop > size:
            raise ShapeFault(
                codes.CROP_RANGE,
                f"the range ends at {stop}, but axis {axis} of {c.input} has {size} entries",
                at="ranges",
                here=f"must end at {size} or before",
                help="a range `a:b` takes the entries a to b-1, counted from 0",
            )
    kept = tuple(stop - start for start, stop in ranges)
    return c.input.with_shape((*kept, *shape[len(kept) :]))


def _conditions(c: ShapeContext) -> tuple[Dim, ...]:
    """Require that a size known only at run time is not less than the end of its range."""
    pairs = zip(c.input.shape, c.arg("ranges"), strict=False)
    return tuple(n - stop + 1 for n, (_, stop) in pairs if not isinstance(n, int))


def _lower(c: LowerContext) -> Value:
    value = c.x
    for axis, (start, stop) in enumerate(c.arg("ranges")):
        value = narrow(value, axis + 1, start, stop)
    return c.note(value, "a part of every row")


@step_rule("every position by itself, unless positions are left out")
def _step(c: StepContext) -> Stepped:
    if c.time < len(c.arg("ranges")):
        raise LooksAhead(
            "crop leaves out positions",
            help="leave it out: a step gives one position for each that it reads",
            at="ranges",
        )
    return Stepped(c.time)


layer(
    LayerKind(
        name="crop",
        family=Family.SHAPE,
        summary="keeps a range of entries along the first axis, or the first axes",
        formula="`a:b` keeps the entries a to b−1, counted from 0",
        example="input 8x10 -> crop 1:3 0:5 -> flatten -> dense 1; loss mse",
        args=(positional("ranges", Ranges(), "a range for each axis: `1:3`, or `1:3 0:5`"),),
        shape=_shape,
        lower=_lower,
        step=_step,
        conditions=_conditions,
        torch="x[:, 1:3, 0:5]",
        keras="Cropping1D, Cropping2D",
    )
)
