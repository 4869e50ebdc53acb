"""global_avgpool: the mean of every channel."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.windows import require_channels
from ..kinds.stepping.rules import SUM_UP, needs_all_positions
from ..ops.build import Value
from ..ops.elementwise import scale
from ..ops.ragged import as_real
from ..ops.reduction import sum_over
from ..ops.shape import reshape
from .registry import layer


def over_positions(c: ShapeContext) -> TensorType:
    """Return the type with one number for every channel."""
    channels, _ = require_channels(c)
    return TensorType((channels,))


def per_cell(c: ShapeContext) -> Dim:
    """Return the cost of one operation for every input entry."""
    return product(c.input.shape)


def _lower(c: LowerContext) -> Value:
    batch, _, *sizes = c.x.type.shape
    axes = tuple(range(2, c.x.type.rank))
    if c.lengths is None:
        mean = scale(sum_over(c.x, axes), 1.0, product(sizes))
        return c.note(mean, "y = mean of x over all positions")
    axis = c.types[0].ragged_axis + 1
    others = product(n for i, n in enumerate(sizes) if i + 2 != axis)
    total = scale(sum_over(c.masked(c.x, axis), axes), 1.0, others)
    mean = total / reshape(as_real(c.lengths), (batch, 1))
    return c.note(mean, "y = mean of x over the positions of the row")


layer(
    LayerKind(
        name="global_avgpool",
        family=Family.POOLING,
        summary="the mean of every channel: CxL and CxHxW become C",
        formula="y[c] = mean of x[c, i], over all positions i",
        example="input 3xHxW -> conv 16 3x3 relu -> global_avgpool -> dense 10 softmax; "
        "loss crossentropy",
        shape=over_positions,
        lower=_lower,
        step=needs_all_positions("takes the mean of all positions", SUM_UP),
        flops=per_cell,
        aliases=("global_avg_pool", "global_average_pooling", "gap", "globalaveragepooling2d"),
        torch="nn.AdaptiveAvgPool2d(1) and nn.Flatten()",
        keras="GlobalAveragePooling2D(data_format='channels_first')",
        notes="Works for images of any size. Padding of ragged rows is excluded.",
    )
)
