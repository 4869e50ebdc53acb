"""The shape rules of pooling: a window over each channel separately."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, product, shape_text
from ...ir.layer_graph import ArgValue
from ...ir.types import TensorType
from ...ops.conv import Pads
from .context import ShapeContext, ShapeFault
from .rules import refuse_mixing
from .windows import (
    Window,
    both_ends,
    check_axes,
    check_ragged_pad,
    check_reach,
    ends_text,
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
    """Return the window of a pooling layer; by default the stride is the window size.

    With `ceil` there are more cells behind, so that the last window is full.
    """
    window = given_window(args, sizes)
    if not args.get("ceil") or isinstance(window.pad, str):
        return window
    axes = zip(sizes, window.kernel, window.stride, window.pad, strict=True)
    return replace(window, pad=tuple(_rounded_up(*axis) for axis in axes))


def given_window(args: Mapping[str, ArgValue], sizes: tuple[Dim, ...]) -> Window:
    """Return the same window with the padding of `pad=` only."""
    stride = args["kernel"] if args["stride"] is None else args["stride"]
    return window_of({"pad": (0,), **args, "stride": stride}, sizes)


def _rounded_up(size: Dim, kernel: int, stride: int, pad: tuple[int, int]) -> tuple[int, int]:
    """The padding with which ⌈(n + pad − kernel)/stride⌉ + 1 windows fit.

    As in PyTorch and Caffe no window begins behind the data and the padding in front of it.
    """
    before, after = pad
    if not isinstance(size, int):
        return pad
    last = -((kernel - size - before - after) // stride)
    if last * stride >= size + before:
        last -= 1
    return before, max(after, last * stride + kernel - size - before)


def pooled(c: ShapeContext) -> TensorType:
    """Return the type after pooling: the same channels, each with the window's positions."""
    channels, sizes = require_channels(c)
    check_axes(c, len(sizes), "kernel", "stride", "pad")
    window = pool_window(c.args, sizes)
    _check_rows(c, window)
    _check_known(c, window, sizes)
    _check_pad(c, window)
    check_reach(c, window)
    return c.input.with_shape((channels, *positions(window, sizes)))


def pool_flops(c: ShapeContext) -> Dim:
    """Return the cost of one operation for each cell in each window."""
    window = pool_window(c.args, c.input.shape[1:])
    return c.input.shape[0] * product(window.kernel) * product(positions(window, c.input.shape[1:]))


def _check_pad(c: ShapeContext, window: Window) -> None:
    """Refuse padding of more than half the window: corner windows would contain hardly any data."""
    value = c.args.get("pad", (0,))
    if not isinstance(value, tuple):
        return
    pad, most = both_ends(value, len(window.kernel)), tuple(k // 2 for k in window.kernel)
    allowed = tuple((min(a, m), min(b, m)) for (a, b), m in zip(pad, most, strict=True))
    if pad == allowed:
        return
    raise ShapeFault(
        codes.POOL_PADDING,
        f"`pad={ends_text(both_ends(value, len(value)))}` is more than half of the window of "
        + shape_text(c.arg("kernel")),
        at="pad",
        here=f"at most {written(most)}, half the window rounded down",
        help=f"write `pad={ends_text(allowed)}`; for zeros around the data, put `pad {_largest(pad)}` "
        "before it",
        replace=ends_text(allowed),
    )


def _largest(pad: Pads) -> str:
    """The largest padding, for a stage that pads every axis alike."""
    return ends_text((max(pad, key=sum),))


def _check_rows(c: ShapeContext, window: Window) -> None:
    """Refuse windows over ragged rows that depend on where the rows end."""
    check_ragged_pad(c, window)
    if not c.input.ragged:
        return
    axis = c.input.ragged_axis - 1
    if c.args.get("ceil") and window.stride[axis] > 1:
        would, at, value = "need a last window of its own for every length", "ceil", "false"
    elif counts_data(c.args) and window.padding(axis):
        would, at, value = "divide by a number that depends on each length", "count", "padded"
        if c.args["count"] is None:
            at, value = "pad", ends_text(numbers(window))
    else:
        return
    fault = refuse_mixing(c, would, f"write `{at}={value}`")
    fault.at, fault.replace = at, value
    raise fault


def _check_known(c: ShapeContext, window: Window, sizes: tuple[Dim, ...]) -> None:
    """Refuse padding, or a divisor, that would depend on a size known only at run time."""
    given = given_window(c.args, sizes)
    for axis, size in enumerate(sizes):
        if isinstance(size, int):
            continue
        if isinstance(given.pad, str):
            name = "pad"
        elif c.args.get("ceil") and window.stride[axis] > 1:
            name = "ceil"
        elif counts_data(c.args) and window.padding(axis):
            name = "count" if c.args.get("count") else "pad"
        else:
            continue
        raise ShapeFault(
            codes.OPEN_PADDING,
            f"{c.kind} would be padded, or divide, by what depends on {size}",
            at=name,
            here=f"{size} is known only when the network runs",
            help=f"write a number for {size} in the input's shape, or `pad=` in numbers",
        )


def counts_data(args: Mapping[str, ArgValue]) -> bool:
    """Whether a mean is over cells of data only, and not over padding."""
    if "count" not in args:
        return False
    return args["count"] == "data" or (args["count"] is None and args["pad"] == "same")
