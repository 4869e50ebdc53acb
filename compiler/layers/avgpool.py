"""avgpool: the mean of each window."""

from __future__ import annotations

from ..ir.dims import fixed
from ..kinds.arguments import Option, option
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.lower.pools import pooled_lengths, window_over
from ..kinds.lower.windows import alone
from ..kinds.shapes.pools import counts_data, given_window, numbers, pool_flops, pooled
from ..kinds.shapes.windows import Window
from ..kinds.stepping.rules import CAUSAL_CONV, needs_all_positions
from ..ops.build import Value
from ..ops.conv import window_size
from ..ops.pooling import avg_pool
from ..ops.shape import reshape
from ..ops.source import const_array
from .maxpool import CEIL_ARG, MARGIN_ARG, STEP_ARG, WINDOW_ARG
from .registry import layer


def _lower(c: LowerContext) -> Value:
    window = window_over(c)
    x = alone(c, window)
    y = avg_pool(x, kernel=window.kernel, stride=window.stride, pad=numbers(window))
    y = c.note(y, "y[i] = mean of x[i·s + u − p] over u")
    share = _shares(c, window)
    return y if share is None else c.note(y * share, "not over cells that do not count")


def _shares(c: LowerContext, window: Window) -> Value | None:
    """The size of the window over the cells that count, at every position; None where all do."""
    sizes = c.x.type.shape[2:]
    counted = ((0, 0),) * len(sizes)
    if not counts_data(c.args):
        counted = numbers(given_window(c.args, sizes))
    found: Value | None = None
    for axis, size in enumerate(sizes):
        if not isinstance(size, int) or counted[axis] == numbers(window)[axis]:
            continue
        cells = _cells(size, window, axis, counted[axis])
        listed = const_array(c.build, tuple(window.kernel[axis] / n for n in cells))
        listed = reshape(listed, (len(cells), *(1,) * (len(sizes) - 1 - axis)))
        found = listed if found is None else found * listed
    if found is None:
        return None
    return c.build.describe(
        found, hint=f"{c.name}_shares", formula="size of the window / cells that count"
    )


def _cells(size: int, window: Window, axis: int, counted: tuple[int, int]) -> list[int]:
    """How many cells of the window count at each position along an axis."""
    before, kernel = numbers(window)[axis][0], window.kernel[axis]
    positions = window_size(size, kernel, window.stride[axis], numbers(window)[axis], 1)
    starts = [i * window.stride[axis] - before for i in range(fixed(positions))]
    return [min(at + kernel, size + counted[1]) - max(at, -counted[0]) for at in starts]


layer(
    LayerKind(
        name="avgpool",
        family=Family.POOLING,
        summary="the mean of a window that slides over a signal CxL or an image CxHxW",
        formula="y[c, i] = Σ x[c, i·stride + u − pad] / cells of the window that count, over its entries u",
        example="input 3x32x32 -> conv 8 3x3 relu -> avgpool 2 -> flatten -> dense 10 softmax; "
        "loss crossentropy",
        args=(
            WINDOW_ARG,
            STEP_ARG,
            MARGIN_ARG,
            CEIL_ARG,
            option(
                "count",
                Option(("padded", "data")),
                "cells that the mean is over: those of data and padding, or of data only; "
                "else `data` for `pad=same` and `padded` for other padding",
            ),
        ),
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
        notes="Positions that do not fill a window are left out, or with `ceil=true` make one more, "
        "unless it would begin behind the data. With `count=padded` zeros added by `pad` count in the "
        "mean, and cells behind them, which `ceil` may reach, do not, as in PyTorch "
        "(count_include_pad=True) and Caffe. With `count=data` only cells of data count, as in "
        "PyTorch with count_include_pad=False, in Keras and TensorFlow, and in ONNX unless it says "
        "otherwise. Ragged rows are pooled separately, as if each were alone.",
    )
)
