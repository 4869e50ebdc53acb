"""avgpool: the mean of each window."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.lower.pools import pooled_lengths, window_over
from ..kinds.lower.windows import alone
from ..kinds.shapes.pools import numbers, pool_flops, pooled
from ..kinds.stepping.rules import CAUSAL_CONV, needs_all_positions
from ..ops.build import Value
from ..ops.pooling import avg_pool
from .maxpool import MARGIN_ARG, STEP_ARG, WINDOW_ARG
from .registry import layer


def _lower(c: LowerContext) -> Value:
    window = window_over(c)
    x = alone(c, window)
    y = avg_pool(x, kernel=window.kernel, stride=window.stride, pad=numbers(window))
    return c.note(y, "y[i] = mean of x[i·s + u − p] over u")


layer(
    LayerKind(
        name="avgpool",
        family=Family.POOLING,
        summary="the mean of a window that slides over a signal CxL or an image CxHxW",
        formula="y[c, i] = Σ x[c, i·stride + u − pad] / size of the window, over its entries u",
        example="input 3x32x32 -> conv 8 3x3 relu -> avgpool 2 -> flatten -> dense 10 softmax; "
        "loss crossentropy",
        args=(WINDOW_ARG, STEP_ARG, MARGIN_ARG),
        shape=pooled,
        lower=_lower,
        step=needs_all_positions("takes in later positions", CAUSAL_CONV),
        flops=pool_flops,
        lengths=pooled_lengths,
        aliases=(
            *("avg_pool", "average_pooling", "avgpool1d", "avgpool2d"),
            *("averagepooling1d", "averagepooling2d"),
        ),
        torch="nn.AvgPool1d(kernel), nn.AvgPool2d(kernel)",
        keras="AveragePooling1D(kernel, data_format='channels_first'), AveragePooling2D(...)",
        notes="Positions that do not fill a window are left out. Zeros added by `pad` count in the "
        "mean, as in PyTorch (count_include_pad=True); Keras leaves them out. Ragged rows are "
        "pooled separately, as if each were alone.",
    )
)
