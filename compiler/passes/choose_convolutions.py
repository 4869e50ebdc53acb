"""Choose the algorithm of every convolution by a model of what each costs (convolution_cost.py).

    before  %5 = conv(%x, %w)                      columns by copying windows, one product
            %9 = conv_transpose(%dy, %w)           a product to columns, added where they belong
    after   %5 = conv_flat(%x, %w)                 shifts of images laid flat, a product a row
         or %5 = conv_winograd(%x, %w)             3x3 only: 16 products where 36 would be needed
            %9 = turned_kernel(%w); %10 = conv_flat(%dy, %9)

At stride 1 the gradient of x is itself a convolution, with the kernel turned around. Sizes that
are known only at run time, and what the model finds no faster, stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..ir.dims import Shape
from ..ir.op_graph import Builder, Graph, Node, Value
from ..ops.conv import SAME, Pads, window_size
from .convolution_cost import Convolution, Sizes, Work
from .rewrite import rewrite

ROWS = 32
"""The batch that choices are made for: a common one; the choice depends little on it."""

FLAT = "images laid flat, so that every entry of the kernel is a shift"
WINOGRAD = "Winograd's algorithm: 16 products for four results instead of 36"
TURNED = "the gradient of x is a convolution with the kernel turned around"

Way = tuple[Work, Callable[[], Value | None]]
"""What an algorithm costs, and what puts it in; None keeps the node."""


def choose_convolutions(graph: Graph, rows: int = ROWS) -> Graph:
    """Put the cheapest op in place of every convolution, for so many rows of the batch."""

    def rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op not in _WAYS:
            return None
        found = _sizes(node, inputs, rows)
        if found is None:
            return None
        ways = _WAYS[node.op](build, inputs, found)
        _, put_in = min(ways, key=lambda way: way[0].seconds)
        return put_in()

    return rewrite(graph, rule)


def _keep() -> None:
    return None


def _conv(build: Builder, inputs: tuple[Value, ...], c: Convolution) -> list[Way]:
    x, w = inputs
    return [(c.windows(), _keep), *_faster(build, x, lambda: w, c)]


def _faster(build: Builder, x: Value, kernel: Callable[[], Value], c: Convolution) -> list[Way]:
    """What else gives conv(x, kernel), where it can be used."""

    def flat() -> Value:
        return build.describe(build.emit("conv_flat", x, kernel(), **_window(c)), note=FLAT)

    def winograd() -> Value:
        return build.describe(build.emit("conv_winograd", x, kernel(), pad=c.pad), note=WINOGRAD)

    ways: list[Way] = []
    if c.can_be_flat:
        ways.append((c.flat(), flat))
    if c.can_be_winograd:
        ways.append((c.winograd(), winograd))
    return ways


def _weights(build: Builder, inputs: tuple[Value, ...], c: Convolution) -> list[Way]:
    def flat() -> Value:
        value = build.emit("conv_weights_flat", *inputs, kernel=c.kernel, **_window(c))
        return build.describe(value, note=FLAT)

    def winograd() -> Value:
        value = build.emit("conv_weights_winograd", *inputs, pad=c.pad)
        return build.describe(value, note=WINOGRAD)

    ways: list[Way] = [(c.windows_weights(), _keep)]
    if c.can_be_flat:
        ways.append((c.flat_weights(), flat))
    if c.can_be_winograd:
        ways.append((c.winograd_weights(), winograd))
    return ways


def _transpose(build: Builder, inputs: tuple[Value, ...], c: Convolution) -> list[Way]:
    y, w = inputs
    t = c.turned

    def turned() -> Value:
        value = build.emit("turned_kernel", w, groups=c.groups)
        return build.describe(value, note=TURNED)

    def windows() -> Value:
        return build.emit("conv", y, turned(), **_window(t), stride=t.stride)

    ways: list[Way] = [(c.scattered(), _keep)]
    if set(c.stride) == {1} and all(min(p) >= 0 for p in t.pad):
        ways += [(t.windows(), windows), *_faster(build, y, turned, t)]
    return ways


_WAYS = {"conv": _conv, "conv_weights": _weights, "conv_transpose": _transpose}


def _window(c: Convolution) -> dict[str, Any]:
    return {"dilation": c.dilation, "groups": c.groups, "pad": c.pad}


def _sizes(node: Node, inputs: tuple[Value, ...], rows: int) -> Convolution | None:
    """The sizes of a convolution, or None if they are not all known."""
    attrs: dict[str, Any] = dict(node.attrs)
    first, second = (value.type.shape for value in inputs)
    shapes = {
        "conv": (first, second, node.type.shape),
        "conv_transpose": (node.type.shape, second, first),
        "conv_weights": (first, node.type.shape, second),
    }
    x, w, y = (_ints(shape[1:]) for shape in shapes[node.op])
    if x is None or w is None or y is None or not isinstance(attrs["groups"], int):
        return None
    window = (w[1:], attrs["dilation"], attrs["stride"])
    pad = _pads(x[1:], *window) if attrs["pad"] == SAME else attrs["pad"]
    axes = zip(x[1:], w[1:], attrs["stride"], pad, attrs["dilation"], strict=True)
    if tuple(window_size(*axis) for axis in axes) != y[1:]:
        return None  # a transposed convolution that leaves cells at the end without a window
    return Convolution(
        rows=rows,
        channels=x[0],
        filters=y[0],
        groups=attrs["groups"],
        size=x[1:],
        positions=y[1:],
        kernel=w[1:],
        dilation=attrs["dilation"],
        pad=pad,
        stride=attrs["stride"],
    )


def _ints(shape: Shape) -> Sizes | None:
    """A shape of which all sizes are known."""
    known = tuple(n for n in shape if isinstance(n, int))
    return known if len(known) == len(shape) else None


def _pads(size: Any, kernel: Any, dilation: Any, stride: Any) -> Pads:
    """The zeros of `same` on each axis; an odd one goes behind."""
    pads = []
    for n, k, d, s in zip(size, kernel, dilation, stride, strict=True):
        both = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pads.append((both // 2, both - both // 2))
    return tuple(pads)
