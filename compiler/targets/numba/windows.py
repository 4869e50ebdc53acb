"""Arguments of compiled window loops: sizes and strides as source, and the choice of algorithm."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jinja2 import pass_context
from jinja2.runtime import Context

from ...ir.dims import Shape
from ...ops.conv import SAME, same_pad
from ..text import OpView, tuple_text
from .uses import recorded

FEWEST = 32
"""Minimum channels on either side for Winograd products to outweigh the transform of tiles.

Measured on one core of an AMD EPYC (Zen 4), 32 images of 16x16: 16 channels take equally long
either way, 32 take 0.8 and 64 take 0.6 of the time of direct products."""

SMALLEST = 64
"""Minimum positions for which the transform of the kernels, once a batch, is negligible."""


MUCH = 2**14
"""Minimum multiplications per example for which a call of the NumPy target's function pays."""

CONVOLUTIONS: dict[str, Callable[[tuple[Shape, ...], Shape], tuple[Shape, Shape, Shape]]] = {
    "conv": lambda shapes, own: (shapes[0], shapes[1], own),
    "conv_transpose": lambda shapes, own: (own, shapes[1], shapes[0]),
    "conv_weights": lambda shapes, own: (shapes[0], own, shapes[1]),
}
"""The shapes of a convolution's image, kernel and positions, from those of operands and value."""


def suits_loops(image: Shape, kernel: Shape, positions: Shape) -> bool:
    """Return whether a convolution's loops run along rows of positions, or it is small anyway.

    Where a row has a single position, as with a kernel of the image's width, nothing vectorises:
    one position of 192 filters over 3x768 numbers took 100 times as long."""
    work = 1
    for size in (*kernel, *positions[2:]):
        work *= size if isinstance(size, int) else SMALLEST
    return 1 not in (positions[-1], image[-1]) or work < MUCH


def convolution_form(v: OpView) -> str | None:
    """Return the macro of an op on whole arrays; a convolution has two, or None if none suits."""
    if v.op not in CONVOLUTIONS:
        return v.op
    image, kernel, positions = CONVOLUTIONS[v.op](v.shapes, v.shape)
    if suits_winograd(v, v.shapes[1] if v.op == "conv_weights" else v.shape, kernel):
        return f"{v.op}_winograd"
    return v.op if suits_loops(image, kernel, positions) else None


@pass_context
def window_array(
    context: Context, v: OpView, image: Shape, kernel: Shape, turned: bool = False
) -> str:
    """Return a convolution's dilations, strides and leading padding, as an array of two axes.

    At stride 1 the gradient with respect to x is a convolution with flipped kernels and other
    padding."""
    dilation, stride = v.attrs["dilation"], v.attrs["stride"]
    if v.attrs["pad"] == SAME:
        recorded(context, image[2:])
        axes = zip(image[2:], kernel[2:], dilation, stride, strict=True)
        before = [_same_before(*map(str, axis)) for axis in axes]
    else:
        before = [str(pad[0]) for pad in v.attrs["pad"]]
    if turned:
        before = [_less(k, p) for k, p in zip(kernel[2:], before, strict=True)]
    rows = (_pair(dilation, 1), _pair(stride, 1), _pair(before, 0))
    return f"np.array({tuple_text(map(tuple_text, rows))})"


def pool_window(v: OpView, kernel: Shape) -> str:
    """Return a pooling window, its stride and leading padding as arguments: (1, k) on one axis."""
    before = [pad[0] for pad in v.attrs["pad"]]
    pairs = (_pair(kernel, 1), _pair(v.attrs["stride"], 1), _pair(before, 0))
    return ", ".join(", ".join(pair) for pair in pairs)


def suits_winograd(v: OpView, positions: Shape, kernel: Shape) -> bool:
    """Return whether a convolution is 3x3 at stride 1, large enough for Winograd's algorithm."""
    a = v.attrs
    plain = a["dilation"] == a["stride"] == (1, 1) and a["groups"] == 1
    if kernel[2:] != (3, 3) or not plain or min(map(int, map(str, kernel[:2]))) < FEWEST:
        return False
    if a["pad"] != SAME and max(pad[0] for pad in a["pad"]) > 2:
        return False
    area = 1
    for size in positions[2:]:
        area *= size if isinstance(size, int) else SMALLEST
    return area >= SMALLEST


def _pair(values: Sequence[object], missing: int) -> list[str]:
    """Return two numbers as source; one axis becomes an image of one row."""
    return [str(missing)] * (2 - len(values)) + [str(value) for value in values]


def _less(kernel: object, before: str) -> str:
    last = int(str(kernel)) - 1
    return str(last - int(before)) if before.isdigit() else f"{last} - {before}"


def _same_before(size: str, kernel: str, dilation: str, stride: str) -> str:
    if size.isdigit():
        reach = (int(kernel) - 1) * int(dilation) + 1
        return str(same_pad(int(size), reach, int(stride))[0])
    return f"pads_before({size}, {kernel}, {dilation}, {stride})"
