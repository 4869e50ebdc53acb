"""The shape rules of pooling: a window over each channel separately."""

from __future__ import annotations

from collections.abc import Mapping

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, product, shape_text
from ...ir.layer_graph import ArgValue
from ...ir.types import TensorType
from ...ops.conv import Pads
from .context import ShapeContext, ShapeFault
from .windows import (
    Window,
    check_axes,
    check_reach,
    positions,
    require_channels,
    window_of,
    written,
)


def numbers(window: Window) -> Pads:
    """Return the padding of a window, which for pooling is always known at compile time."""
    assert not isinstance(window.pad, str)
    return window.pad


def pool_window(args: Mapping[str, ArgValue], sizes: tuple[Dim, ...]) -> Window:
    """Return the window of a pooling layer; by default the stride is the window size."""
    stride = args["kernel"] if args["stride"] is None else args["stride"]
    return window_of({"pad": (0,), **args, "stride": stride}, sizes)


def pooled(c: ShapeContext) -> TensorType:
    """Return the type after pooling: the same channels, each with the window's positions."""
    channels, sizes = require_channels(c)
    check_axes(c, len(sizes), "kernel", "stride", "pad")
    window = pool_window(c.args, sizes)
    _check_pad(c, window)
    check_reach(c, window)
    return c.input.with_shape((channels, *positions(window, sizes)))


def pool_flops(c: ShapeContext) -> Dim:
    """Return the cost of one operation for each cell in each window."""
    window = pool_window(c.args, c.input.shape[1:])
    return c.input.shape[0] * product(window.kernel) * product(positions(window, c.input.shape[1:]))


def _check_pad(c: ShapeContext, window: Window) -> None:
    """Refuse padding of more than half the window: corner windows would contain hardly any data."""
    pad = tuple(before for before, _ in numbers(window))
    most = tuple(k // 2 for k in window.kernel)
    allowed = tuple(min(p, m) for p, m in zip(pad, most, strict=True))
    if pad == allowed:
        return
    raise ShapeFault(
        codes.POOL_PADDING,
        f"`pad={_as_written(c, 'pad')}` is more than half of the window of {_as_written(c, 'kernel')}",
        at="pad",
        here=f"at most {written(most)}, half the window rounded down",
        help=f"write `pad={written(allowed)}`; for zeros around the data, put `pad {max(pad)}` before it",
        replace=written(allowed),
    )


def _as_written(c: ShapeContext, name: str) -> str:
    return shape_text(c.arg(name))
