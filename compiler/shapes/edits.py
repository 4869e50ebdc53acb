"""Edits of stages for fixes; None if the text is not as expected."""

from __future__ import annotations

import re

from ..diagnostics.model import Edit
from ..ir.dims import Shape, shape_text
from ..ir.layer_graph import Layer
from ..source import Span

NEAR = 100
"""Most characters before a span that are searched for a pattern."""


def start_before(span: Span, pattern: str) -> int | None:
    """Return where a pattern begins that ends directly before a span, if it is near."""
    near = max(0, span.start - NEAR)
    found = re.compile(pattern).search(span.source.text, near, span.start)
    return found.start() if found else None


def put_before(layer: Layer, stages: str) -> Edit:
    """Insert stages before a layer."""
    start = layer.span.start
    return Edit(Span(layer.span.source, start, start), f"{stages} -> ")


def put_behind(place: Span, stages: str) -> Edit:
    """Insert stages after a span."""
    return Edit(Span(place.source, place.stop, place.stop), f" -> {stages}")


def without(layer: Layer) -> Edit | None:
    """Remove a stage without references by name from its chain, with its arrow."""
    if not is_unnamed(layer) or layer.activation is not None:
        return None
    start = start_before(layer.span, r"\s*->\s*$")
    return None if start is None else Edit(Span(layer.span.source, start, layer.span.stop), "")


def instead(layer: Layer, stages: str) -> Edit | None:
    """Replace a stage without references by name by other stages, keeping its activation."""
    if not is_unnamed(layer):
        return None
    own = layer.activation
    return Edit(layer.span, f"{stages} {own.span.text}" if own else stages)


def declare(layer: Layer, shape: Shape) -> Edit | None:
    """Change the shape of an input or reshape."""
    place = layer.given.get("type") or layer.given.get("size")
    if place is None or not layer.span.start <= place.start < place.stop <= layer.span.stop:
        return None
    return Edit(place, shape_text(shape))


def set_value(layer: Layer, key: str, value: str) -> Edit | None:
    """Append `key=value` to a layer's arguments, or replace the value of the key."""
    if key in layer.given:
        return Edit(layer.given[key], value)
    source, start = layer.span.source, layer.span.start
    stops = [given.stop for given in layer.given.values() if given.source is source]
    stop = max((n for n in stops if start < n <= layer.span.stop), default=layer.head.stop)
    called = source.text[layer.head.stop : layer.head.stop + 1] == "("
    if called and stop == layer.head.stop:
        return None
    if not called:
        stop += len(re.findall(r"\A\)*", source.text[stop : layer.span.stop])[0])
    text = f"{', ' if called else ' '}{key}={value}"
    return Edit(Span(source, stop, stop), text)


def is_unnamed(layer: Layer) -> bool:
    """Return whether the layer has an automatic name, so that no stage can refer to it."""
    word = layer.kind.partition(" ")[0]
    return re.fullmatch(rf"{word}\d+", layer.name.rpartition(".")[2]) is not None
