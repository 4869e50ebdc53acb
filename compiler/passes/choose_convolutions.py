"""Choose the algorithm of every convolution by a cost model (costs/convolution.py).

    before  %5 = conv(%x, %w)                      columns by copying windows, one product
            %9 = conv_transpose(%dy, %w)           a product to columns, added where they belong
    after   %5 = conv_flat(%x, %w)                 shifts of flattened images, one product per kernel row
         or %5 = conv_winograd(%x, %w)             3x3 only: 16 products where 36 would be needed
            %9 = turned_kernel(%w); %10 = conv_flat(%dy, %9)

In functions with a memory plan, each op gets one more operand: a workspace buffer for the columns
or for the flattened images. At stride 1, the gradient of x is itself a convolution with the
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
FLIPPED = "the gradient of x is a convolution with the flipped kernel"


@dataclass(frozen=True, slots=True)
class Algorithm:
    """An algorithm: its cost, its op, and whether that takes the kernel flipped."""

    work: Work
    op: str
    attrs: Mapping[str, Any]
    note: str = ""
    flipped: bool = False


def choose_convolutions(graph: Graph, rows: int = ROWS, planned: bool = True) -> Graph:
    """Replace every convolution by the cheapest op for this many rows of the batch.

    `planned` says that values have planned arrays, so that there can be a work array."""

    def rule(build: Builder, node: Node, inputs: tuple[Value, ...]) -> Value | None:
        if node.op not in _OTHERS:
            return None
        found = _sizes(node, inputs, rows)
        own = Algorithm(Work(), node.op, dict(node.attrs))
        choices = [own] if found is None else _algorithms(node, found)
        return _emit(build, inputs, min(choices, key=lambda a: a.work.seconds), planned)

    return rewrite(graph, rule)


def _emit(build: Builder, inputs: tuple[Value, ...], choice: Algorithm, planned: bool) -> Value:
    """Emit the chosen op, with the flipped kernel and a workspace buffer if it needs them."""
    x, w = inputs
    if choice.flipped:
        w = build.emit("turned_kernel", w, groups=choice.attrs.get("groups", 1))
        build.describe(w, note=FLIPPED)
    workspace = [build.emit("room", size=ROOM)] if planned else []
    value = build.emit(choice.op, x, w, *workspace, **choice.attrs)
    return build.describe(value, note=choice.note) if choice.note else value


def _algorithms(node: Node, c: Convolution) -> list[Algorithm]:
    """Return all algorithms for a convolution, its own op first."""
    works = {
        "conv": c.windows,
        "conv_weights": c.windows_weights,
        "conv_transpose": c.scattered,
    }
    own = Algorithm(works[node.op](), node.op, dict(node.attrs))
    return [own, *_OTHERS[node.op](c)]


def _faster(c: Convolution) -> list[Algorithm]:
    """Return the alternative algorithms for a convolution that are applicable."""
    found = []
    if c.can_be_flat:
        found.append(Algorithm(c.flat(), "conv_flat", _window(c), FLAT))
    if c.can_be_winograd:
        found.append(Algorithm(c.winograd(), "conv_winograd", {"pad": c.pad}, WINOGRAD))
    return found


def _weights(c: Convolution) -> list[Algorithm]:
    found = []
    if c.can_be_flat:
        attrs = {"kernel": c.kernel, **_window(c)}
        found.append(Algorithm(c.flat_weights(), "conv_weights_flat", attrs, FLAT))
    if c.can_be_winograd:
        attrs = {"pad": c.pad}
        found.append(Algorithm(c.winograd_weights(), "conv_weights_winograd", attrs, WINOGRAD))
    return found


def _transpose(c: Convolution) -> list[Algorithm]:
    flipped = c.flipped
    if set(c.stride) != {1} or any(min(p) < 0 for p in flipped.pad):
        return []
    windows = Algorithm(flipped.windows(), "conv", {**_window(flipped), "stride": c.stride})
    return [replace(choice, flipped=True) for choice in (windows, *_faster(flipped))]


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
