"""Choose the algorithm of every convolution by a cost model (costs/convolution.py).

    before  %5 = conv(%x, %w)                      columns by copying windows, one product
            %9 = conv_transpose(%dy, %w)           a product to columns, added where they belong
    after   %5 = conv_flat(%x, %w)                 shifts of images laid flat, a product a row
         or %5 = conv_winograd(%x, %w)             3x3 only: 16 products where 36 would be needed
            %9 = turned_kernel(%w); %10 = conv_flat(%dy, %9)

In functions with a memory plan, each op gets one more operand: a workspace buffer for the columns
or for the images laid out flat. At stride 1, the gradient of x is itself a convolution with the
kernel flipped on every spatial axis. Convolutions whose sizes are known only at run time, and those
that the model does not find faster, are not changed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..costs.convolution import Convolution, Sizes, Work
from ..ir.dims import Shape
from ..ir.op_graph import Graph, Node
from ..ops.build import Builder, Value
from ..ops.conv import SAME, window_size
from .rewrite import rewrite

ROOM = 2**19
"""Most numbers that the helper functions arrange at once: 2 MiB in float32."""

ROWS = 32
"""The assumed batch size: a common one; the choice depends little on it."""

FLAT = "images laid flat, so that every entry of the kernel is a shift"
WINOGRAD = "Winograd's algorithm: 16 products for four results instead of 36"
TURNED = "the gradient of x is a convolution with the kernel turned around"


@dataclass(frozen=True, slots=True)
class Way:
    """An algorithm: its cost, its op, and whether that takes the kernel flipped."""

    work: Work
    op: str
    attrs: Mapping[str, Any]
    note: str = ""
    turned: bool = False


def choose_convolutions(graph: Graph, rows: int = ROWS, planned: bool = True) -> Graph:
    """Replace every convolution by the cheapest op for this many rows of the batch.

    `planned` says that values have planned arrays, so that there can be a work array."""

    def rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op not in _OTHERS:
            return None
        found = _sizes(node, inputs, rows)
        ways = [Way(Work(), node.op, dict(node.attrs))] if found is None else _ways(node, found)
        way = min(ways, key=lambda way: way.work.seconds)
        return _put_in(build, inputs, way, planned)

    return rewrite(graph, rule)


def _put_in(build: Builder, inputs: tuple[Value, ...], way: Way, planned: bool) -> Value:
    x, w = inputs
    if way.turned:
        w = build.emit("turned_kernel", w, groups=way.attrs.get("groups", 1))
        build.describe(w, note=TURNED)
    room = [build.emit("room", size=ROOM)] if planned else []
    value = build.emit(way.op, x, w, *room, **way.attrs)
    return build.describe(value, note=way.note) if way.note else value


def _ways(node: Node, c: Convolution) -> list[Way]:
    """Return all algorithms for a convolution, its own op first."""
    works = {
        "conv": c.windows,
        "conv_weights": c.windows_weights,
        "conv_transpose": c.scattered,
    }
    own = Way(works[node.op](), node.op, dict(node.attrs))
    return [own, *_OTHERS[node.op](c)]


def _faster(c: Convolution) -> list[Way]:
    """Return the alternative algorithms for a convolution that are applicable."""
    ways = []
    if c.can_be_flat:
        ways.append(Way(c.flat(), "conv_flat", _window(c), FLAT))
    if c.can_be_winograd:
        ways.append(Way(c.winograd(), "conv_winograd", {"pad": c.pad}, WINOGRAD))
    return ways


def _weights(c: Convolution) -> list[Way]:
    ways = []
    if c.can_be_flat:
        attrs = {"kernel": c.kernel, **_window(c)}
        ways.append(Way(c.flat_weights(), "conv_weights_flat", attrs, FLAT))
    if c.can_be_winograd:
        attrs = {"pad": c.pad}
        ways.append(Way(c.winograd_weights(), "conv_weights_winograd", attrs, WINOGRAD))
    return ways


def _transpose(c: Convolution) -> list[Way]:
    turned = c.turned
    if set(c.stride) != {1} or any(min(p) < 0 for p in turned.pad):
        return []
    windows = Way(turned.windows(), "conv", {**_window(turned), "stride": c.stride})
    return [replace(way, turned=True) for way in (windows, *_faster(turned))]


_OTHERS = {"conv": _faster, "conv_weights": _weights, "conv_transpose": _transpose}


def _window(c: Convolution) -> dict[str, Any]:
    return {"dilation": c.dilation, "groups": c.groups, "pad": c.pad}


def _sizes(node: Node, inputs: tuple[Value, ...], rows: int) -> Convolution | None:
    """Return the sizes of a convolution, or None if they are not all known."""
    attrs: dict[str, Any] = dict(node.attrs)
    first, second = (value.type.shape for value in inputs)
    shapes = {
        "conv": (first, second, node.type.shape),
        "conv_transpose": (node.type.shape, second, first),
        "conv_weights": (first, node.type.shape, second),
    }
    x, w, y = (_ints(shape[1:]) for shape in shapes[node.op])
    pad = attrs["pad"]
    if x is None or w is None or y is None or not isinstance(attrs["groups"], int) or pad == SAME:
        return None
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
    """Return a shape if all its sizes are known, or None."""
    known = tuple(n for n in shape if isinstance(n, int))
    return known if len(known) == len(shape) else None
