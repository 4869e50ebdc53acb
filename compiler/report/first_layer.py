"""The first layer with weights on an input image, and the shape of its weights."""

from __future__ import annotations

from dataclasses import dataclass
from math import isqrt, prod

from ..ir.layer_graph import Layer, TypedGraph
from ..kinds.layer import Family
from ..layers import LAYERS

_KEEPS_PLACES = frozenset({"flatten", "reshape", "id", "normalize", "scale", "shift", "dropout"})
"""Layers whose value has the numbers of their input in the same order, each computed separately."""

_CHANNELS = (1, 3)
_LEAST_SIDE = 6


@dataclass(frozen=True, slots=True)
class FirstLayer:
    """The name of a layer and its weights, and the image shape of each unit or filter.

    `filters`: the weights are (F, C, H, W); otherwise they are (C·H·W, units)."""

    name: str
    weights: str
    shape: tuple[int, int, int]
    filters: bool


def first_layer(typed: TypedGraph, *, flat: bool) -> FirstLayer | None:
    """Return the first layer with weights on an input image, if there is one.

    Images have one or three channels, on the first axis; `flat`: a square number of values
    is an image."""
    layers = typed.graph.layers
    shapes: dict[int, tuple[int, int, int]] = {}
    for layer in layers:
        if layer.kind == "input":
            shape = _image(typed, layer, flat)
            if shape is not None:
                shapes[layer.id] = shape
        elif len(layer.inputs) == 1 and layer.inputs[0] in shapes and layer.shares is None:
            shape = shapes[layer.inputs[0]]
            if layer.kind in _KEEPS_PLACES and layer.activation is None:
                shapes[layer.id] = shape
            elif LAYERS[layer.kind].family is Family.WEIGHTS:
                return _seen(typed, layer, shape)
    return None


def _image(typed: TypedGraph, layer: Layer, flat: bool) -> tuple[int, int, int] | None:
    sizes = [n for n in typed.shape_of(layer.id) if isinstance(n, int)]
    if len(sizes) != len(typed.shape_of(layer.id)):
        return None
    if len(sizes) == 3 and sizes[0] in _CHANNELS:
        return sizes[0], sizes[1], sizes[2]
    side = isqrt(prod(sizes))
    if flat and len(sizes) == 1 and side >= _LEAST_SIDE and side * side == sizes[0]:
        return 1, side, side
    return None


def _seen(typed: TypedGraph, layer: Layer, shape: tuple[int, int, int]) -> FirstLayer | None:
    weights = next((p for p in typed.params if p.name == f"{layer.name}.W"), None)
    if weights is None:
        return None
    if layer.kind == "dense" and weights.shape[0] == prod(shape):
        return FirstLayer(layer.name, weights.name, shape, filters=False)
    if layer.kind == "conv" and len(weights.shape) == 4 and weights.shape[1] == shape[0]:
        channels, height, width = weights.shape[1:]
        return FirstLayer(layer.name, weights.name, (channels, height, width), filters=True)
    return None
