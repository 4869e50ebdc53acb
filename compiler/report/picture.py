"""The picture of a network, independent of the output format: boxes and labelled arrows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod

from ..ir.layer_graph import Layer, LayerGraph, TypedGraph
from ..ir.lists import shape_text
from ..ir.networkx_graph import own_parameters
from ..ir.repeats import runs
from ..kinds.layer import Family
from ..layers import LAYERS
from .folded import Folded, fold
from .scopes import Scope, scopes
from .wording import grouped, loss_text, stage_text

FOLDED = 5
"""Minimum number of copies for folding; fewer are shown one by one."""


class Part(Enum):
    """The kind of a box, which determines its style."""

    INPUT = "input"
    LAYER = "layer"
    PLAIN = "layer without parameters"
    MERGE = "merge"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Box:
    """A box with its lines of text, the first of which is its name."""

    id: str
    part: Part
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arrow:
    """A value that passes from box to box, labelled with its shape."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A group of boxes: a block or group, or the representative of several copies.

    Inner frames come after outer ones. `copies` is 0 if each layer of the frame is shown."""

    boxes: tuple[str, ...]
    text: str
    copies: int = 0


@dataclass(frozen=True, slots=True)
class Picture:
    """All boxes, each after those that point to it, all arrows, and frames around boxes."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]
    frames: tuple[Frame, ...] = ()


def picture(typed: TypedGraph, title: str) -> Picture:
    """Return the picture of a network: its layers, and a box for every output and judged value.

    Of FOLDED or more equal consecutive stretches, one is shown, framed."""
    counts, layers = parameter_counts(typed), typed.graph.layers
    folded = fold(runs(typed, FOLDED))
    boxes = [
        _layer_box(layers[at], counts[layers[at].name], layers[last].name, folded.alone.get(at))
        for at, last in folded.shown.items()
    ]
    stands = {layer.id: _id(layers[folded.stands[i]].id) for i, layer in enumerate(layers)}
    arrows = [
        Arrow(stands[feed], _id(layers[at].id), _value_text(typed, feed))
        for at in folded.shown
        for feed in layers[at].inputs
    ]
    for index, (layer_id, lines) in enumerate(_ends(typed.graph).items()):
        boxes.append(Box(f"out{index}", Part.OUTPUT, lines))
        arrows.append(Arrow(stands[layer_id], f"out{index}", _value_text(typed, layer_id)))
    frames = tuple(
        Frame(tuple(_id(layers[at].id) for at in scope.layers), _scope_text(scope), scope.copies)
        for scope in scopes([layer.name for layer in layers], folded, _edges(typed, folded))
    )
    return Picture(title, tuple(boxes), tuple(arrows), frames)


def _edges(typed: TypedGraph, folded: Folded) -> list[tuple[int, int]]:
    """Return the arrows between shown layers, by position."""
    position = {layer.id: at for at, layer in enumerate(typed.graph.layers)}
    return [
        (folded.stands[position[feed]], at)
        for at in folded.shown
        for feed in typed.graph.layers[at].inputs
    ]


def _scope_text(scope: Scope) -> str:
    return " ".join(filter(None, (scope.name, _times(scope.copies) if scope.copies else "")))


def _value_text(typed: TypedGraph, layer: int) -> str:
    return shape_text(str(typed.types[layer]))


def _times(copies: int) -> str:
    return f"× {grouped(copies)}"


def parameter_counts(typed: TypedGraph) -> dict[str, int]:
    """Return the number of parameters (single numbers) by the layer that owns them."""
    owned = own_parameters(typed)
    return {name: sum(prod(param.shape) for param in params) for name, params in owned.items()}


def frozen_counts(typed: TypedGraph) -> dict[str, int]:
    """Return the number of frozen ones among them."""
    owned = own_parameters(typed)
    return {n: sum(prod(p.shape) for p in params if p.frozen) for n, params in owned.items()}


def _layer_box(layer: Layer, count: int, last: str, copies: int | None) -> Box:
    """Return the box of a layer, or of all layers from it to the one called `last`."""
    kind = LAYERS[layer.kind]
    name, text = layer.name, stage_text(layer)
    each = " each" if last != name else ""
    lines = [f"{name} … {last}" if each else name]
    if text != name:
        lines.append(text)
    if copies:
        lines.append(_times(copies))
    if layer.shares is not None:
        lines.append(f"shares {layer.shares}")
    if count:
        lines.append(f"{grouped(count)} parameter{'s' * (count != 1)}{each}")
    if kind.family is Family.INPUT:
        part = Part.INPUT
    elif kind.is_merge and len(layer.inputs) > 1:
        part = Part.MERGE
    else:
        part = Part.LAYER if count or layer.shares else Part.PLAIN
    return Box(_id(layer.id), part, tuple(lines))


def _ends(graph: LayerGraph) -> dict[int, tuple[str, ...]]:
    """Return the text at the end of every layer that is an output or has a loss."""
    ends: dict[int, list[str]] = {}
    for output in graph.outputs:
        ends.setdefault(output.layer, []).append(f"output {output.name}")
    for loss in graph.losses:
        weight = "" if loss.weight == 1 else f" weight={loss.weight:g}"
        ends.setdefault(loss.layer, []).append(f"loss {loss_text(loss.setting)}{weight}")
    return {layer: tuple(lines) for layer, lines in ends.items()}


def _id(layer: int) -> str:
    return f"n{layer}"
