"""Detection of a shape's channel axis from its sizes alone.

Channels come first here, and last in Keras, in image files and in tables of signals. A
channels-last shape can often be recognised by its sizes: 32x32x3, 100x3, 7x7x512."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from ..ir.dims import Dim, Shape
from ..ir.layer_graph import Layer
from ..kinds.layer import Family
from ..layers import LAYERS
from .faults import PASSES_SHAPE_ON, Known

COLOURS = (1, 3, 4)
"""Channels of images: grey, RGB, RGB with transparency."""

MAX_COLOUR = 4
TIMES = 8
"""Minimum ratio of positions to channels in a signal."""

MAX_SENSORS = 9
"""Most channels of a signal that are recognised by size: three sensors of three axes."""

LEAST_SIDE = 5
LEAST_SQUARE = 12
"""Minimum side of a square shape of two axes that is taken for an image."""

SLIDES = ("conv", "depthwise", "conv_transpose", "local", "weightedpool")
"""Kinds with weights that read channels and positions, as pooling does."""

FAR = 100
"""Most layers inspected before one that reads channels."""

AROUND = ("pad", "upsample")
"""Kinds that leave the channels unchanged."""


def reads_channels(kind: str) -> bool:
    """Return whether a kind reads channels and positions: convolution and pooling."""
    return kind in SLIDES or LAYERS[kind].family is Family.POOLING


def feed(known: Known, layer: Layer, branch: int = 0) -> Layer | None:
    """Return the layer that a value comes from, if there is one and its type is known."""
    id = layer.inputs[branch] if branch < len(layer.inputs) else None
    return known.layers.get(id) if id is not None and id in known.types else None


def behind(known: Known, layer: Layer) -> Iterator[Layer]:
    """Yield the layers that lead to one, nearest first, as long as each has one known input."""
    before = feed(known, layer)
    while before is not None and len(layer.inputs) == 1:
        yield before
        layer, before = before, feed(known, before)


def passes_shape(layer: Layer) -> bool:
    """Return whether the output of a layer has the shape of its input."""
    return LAYERS[layer.kind].family in PASSES_SHAPE_ON


def declared_shape(known: Known, layer: Layer, through: tuple[str, ...] = AROUND) -> Layer | None:
    """Return the input or reshape whose axes a layer reads, through layers that keep the axes."""
    for before in islice(behind(known, layer), FAR):
        if before.kind in ("input", "reshape"):
            return before
        if before.kind not in through and not passes_shape(before):
            return None
    return None


def channels_first(shape: Shape, kind: str) -> Shape | None:
    """Return the shape with its channels first, if an input or reshape seems to have them last."""
    if len(shape) == 3:
        return _image_first(shape, kind)
    return _signal_first(shape, kind) if len(shape) == 2 else None


def _image_first(shape: Shape, kind: str) -> Shape | None:
    height, width, last = shape
    if not isinstance(last, int):
        return None
    turned = (last, height, width)
    if last in COLOURS and _large(height) and _large(width):
        return turned
    if height != width or not isinstance(height, int) or last == height:
        return None
    if kind == "reshape" and height < LEAST_SIDE:
        return turned if height > 1 and last >= 2 * height else None
    return turned if height >= LEAST_SIDE else None


def _signal_first(shape: Shape, kind: str) -> Shape | None:
    length, last = shape
    if not isinstance(length, int) or not isinstance(last, int) or length < TIMES * last:
        return None
    few = last in (1, 3) if kind == "reshape" else last <= MAX_COLOUR
    sensors = kind == "input" and last <= MAX_SENSORS and length >= 10 * last
    return (last, length) if few or sensors else None


def _large(size: Dim) -> bool:
    return not isinstance(size, int) or size > MAX_COLOUR


def square(shape: Shape) -> bool:
    """Return whether a shape of two axes is that of an image without a channel axis."""
    return len(shape) == 2 and shape[0] == shape[1] and _at_least(shape[0], LEAST_SQUARE)


def _at_least(size: Dim, least: int) -> bool:
    return isinstance(size, int) and size >= least
