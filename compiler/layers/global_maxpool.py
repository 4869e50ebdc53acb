"""global_maxpool: the largest entry of every channel."""

from __future__ import annotations

from ..ir.dims import product
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.stepping.rules import SUM_UP, needs_all_positions
from ..ops.build import Value
from ..ops.pooling import global_max
from ..ops.ragged import exclude_steps
from ..ops.shape import reshape
from .global_avgpool import over_positions, per_cell
from .registry import layer


def _lower(c: LowerContext) -> Value:
    x = c.x
    if c.lengths is not None:
        x = exclude_steps(x, c.lengths, c.types[0].ragged_axis + 1)
    cells = reshape(x, (*x.type.shape[:2], product(x.type.shape[2:])))
    return c.note(global_max(cells), "y = max x over all positions")


layer(
    LayerKind(
        name="global_maxpool",
        family=Family.POOLING,
        summary="the largest entry of every channel: CxL and CxHxW become C",
        formula="y[c] = max x[c, i], over all positions i",
        example="input Tx16 ragged -> transpose -> conv 8 3 relu -> global_maxpool "
        "-> dense 2 softmax; loss crossentropy",
        shape=over_positions,
        lower=_lower,
        step=needs_all_positions("takes the maximum of all positions", SUM_UP),
        flops=per_cell,
        aliases=("global_max_pool", "global_max_pooling", "globalmaxpooling2d"),
        torch="nn.AdaptiveMaxPool2d(1) and nn.Flatten()",
        keras="GlobalMaxPooling2D(data_format='channels_first')",
        notes="Works for images of any size. If several entries are the largest, the gradient "
        "goes to the first, as in PyTorch's pooling; the reduction `max axis=` divides it equally. "
        "Padding of ragged rows is excluded.",
    )
)
