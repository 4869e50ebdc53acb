"""maxpool: the largest entry of each window."""

from __future__ import annotations

from ..kinds.arguments import Flag, SizeOf, option, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.lower.pools import finite, pooled_lengths, window_over, without_padding
from ..kinds.shapes.pools import numbers, pool_flops, pooled
from ..kinds.stepping.rules import CAUSAL_CONV, needs_all_positions
from ..ops.build import Value
from ..ops.pooling import max_pool
from .registry import layer

WINDOW_ARG = positional("kernel", SizeOf(), "size of the window: `2x2`, or `2` on every axis")
STEP_ARG = option(
    "stride", SizeOf(), "step from one position to the next; default: the window's size"
)
MARGIN_ARG = option(
    "pad",
    SizeOf(low=0, words=("valid", "same"), sides=True),
    "cells added at both ends, at most half the window; `1:0` for one in front and none behind, "
    "`valid` for none, `same` for ⌈n/stride⌉ positions",
    (0,),
)
CEIL_ARG = option(
    "ceil", Flag(), "whether a last window counts that the cells do not fill: sizes round up", False
)


def _lower(c: LowerContext) -> Value:
    window = window_over(c)
    x = without_padding(c, window)
    y = max_pool(x, kernel=window.kernel, stride=window.stride, pad=numbers(window))
    return finite(c, c.note(y, "y[i] = max x[i·s + u − p] over u"), window)


layer(
    LayerKind(
        name="maxpool",
        family=Family.POOLING,
        summary="the largest entry of a window that slides over a signal CxL or an image CxHxW",
        formula="y[c, i] = max x[c, i·stride + u − pad], over the entries u of the window",
        example="input 1x28x28 -> conv 8 3x3 relu -> maxpool 2 -> flatten -> dense 10 softmax; "
        "loss crossentropy",
        args=(WINDOW_ARG, STEP_ARG, MARGIN_ARG, CEIL_ARG),
        shape=pooled,
        lower=_lower,
        step=needs_all_positions("takes in later positions", CAUSAL_CONV),
        flops=pool_flops,
        lengths=pooled_lengths,
        aliases=(
            "max_pool",
            "max_pooling",
            "maxpool1d",
            "maxpool2d",
            "maxpooling1d",
            "maxpooling2d",
        ),
        torch="nn.MaxPool1d(kernel), nn.MaxPool2d(kernel)",
        keras="MaxPooling1D(kernel, data_format='channels_first'), MaxPooling2D(...)",
        notes="Positions that do not fill a window are left out, or with `ceil=true` make one more, "
        "unless it would begin behind the data. `pad=same` has the odd cell at the end. `pad` adds "
        "cells of −∞, which are "
        "never the maximum. If several entries are the largest, the gradient goes to the first "
        "in reading order, as in PyTorch. Padding of ragged rows is excluded.",
    )
)
