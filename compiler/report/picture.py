"""What a picture of a network shows, whatever it is drawn with: boxes and labelled arrows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import prod

from ..ir.layer_graph import Layer, LayerGraph, Parameter, TypedGraph
from ..layers import LAYERS
from ..layers.registry import Family
from .wording import grouped, loss_text, stage_text


class Part(Enum):
    """What a box stands for, which decides how it looks."""

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
    """A value on its way from box to box, labelled with its shape."""

    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Picture:
    """All boxes, each after those that point to it, and all arrows."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]


def picture(typed: TypedGraph, title: str) -> Picture:
    """The picture of a network: its layers, and a box for every output and judged value."""
    counts = parameter_counts(typed)
    boxes = [_layer_box(layer, counts[layer.name]) for layer in typed.graph.layers]
    arrows = [
        Arrow(_id(feed), _id(layer.id), str(typed.types[feed]))
        for layer in typed.graph.layers
        for feed in layer.inputs
    ]
    for index, (layer_id, lines) in enumerate(_ends(typed.graph).items()):
        boxes.append(Box(f"out{index}", Part.OUTPUT, lines))
        arrows.append(Arrow(_id(layer_id), f"out{index}", str(typed.types[layer_id])))
    return Picture(title, tuple(boxes), tuple(arrows))


def own_parameters(typed: TypedGraph) -> dict[str, list[Parameter]]:
    """The parameters by the name of the layer that they, or its activation, belong to."""
    owned: dict[str, list[Parameter]] = {layer.name: [] for layer in typed.graph.layers}
    owners = {name: name for name in owned}
    for layer in typed.graph.layers:
        if layer.activation is not None:
            owners.setdefault(layer.activation.name, layer.name)
    for param in typed.params:
        prefix = param.name
        while prefix not in owners:
            prefix = prefix.rpartition(".")[0]
        owned[owners[prefix]].append(param)
    return owned


def parameter_counts(typed: TypedGraph) -> dict[str, int]:
    """Number of parameters (single numbers) by the layer that owns them."""
    owned = own_parameters(typed)
    return {name: sum(prod(param.shape) for param in params) for name, params in owned.items()}


def _layer_box(layer: Layer, count: int) -> Box:
    kind = LAYERS[layer.kind]
    text = stage_text(layer)
    lines = [layer.name] if text == layer.name else [layer.name, text]
    if layer.shares is not None:
        lines.append(f"shares {layer.shares}")
    if count:
        lines.append(f"{grouped(count)} parameter{'s' * (count != 1)}")
    if kind.family is Family.INPUT:
        part = Part.INPUT
    elif kind.is_merge and len(layer.inputs) > 1:
        part = Part.MERGE
    else:
        part = Part.LAYER if count or layer.shares else Part.PLAIN
    return Box(_id(layer.id), part, tuple(lines))


def _ends(graph: LayerGraph) -> dict[int, tuple[str, ...]]:
    """For every layer that is an output or judged by a loss, what to write at its end."""
    ends: dict[int, list[str]] = {}
    for output in graph.outputs:
        ends.setdefault(output.layer, []).append(f"output {output.name}")
    for loss in graph.losses:
        weight = "" if loss.weight == 1 else f" weight={loss.weight:g}"
        ends.setdefault(loss.layer, []).append(f"loss {loss_text(loss.setting)}{weight}")
    return {layer: tuple(lines) for layer, lines in ends.items()}


def _id(layer: int) -> str:
    return f"n{layer}"
