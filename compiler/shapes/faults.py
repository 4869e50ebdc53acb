"""From a shape rule's refusal to the diagnostic: both ends, the chain of shapes, the fix."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..diagnostics.model import Diagnostic, Edit, Fix, Label
from ..ir.layer_graph import UNKNOWN, Activation, Layer, Loss
from ..ir.types import TensorType
from ..layers import LAYERS
from ..layers.registry import Family
from ..source import Span
from .context import ShapeFault

PASSES_SHAPE_ON = {Family.ACTIVATION, Family.NORM, Family.FIXED, Family.NOISE}
CHAIN_HEAD, CHAIN_TAIL = 4, 7
BRANCHES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Known:
    """The layers by id, and the types found so far or thought of."""

    layers: Mapping[int, Layer]
    types: Mapping[int, TensorType]


@dataclass(frozen=True, slots=True)
class Site:
    """The layer at fault, or its trailing activation and the type that one was given."""

    layer: Layer
    activation: Activation | None = None
    given: TensorType | None = None

    @property
    def whole(self) -> Span:
        """All that was written of it."""
        return self.activation.span if self.activation else self.layer.span

    def argument(self, name: str) -> Span | None:
        """Where an argument was written, if it was; `use` stands for the stage that shares."""
        if name == "use":
            return next((c for c in reversed(self.layer.calls) if c.text.startswith("use")), None)
        return None if self.activation else self.layer.given.get(name)


def layer_diagnostic(known: Known, site: Site, fault: ShapeFault) -> Diagnostic:
    """The finding at a layer."""
    layer, argument = site.layer, site.argument(fault.at)
    span = argument or site.whole
    also = [Label(place, text) for place, text in fault.also]
    labels = [*producer_labels(known, site, span), *also, *call_labels(layer)]
    return fault.code.at(
        span,
        fault.message,
        here=fault.here,
        labels=[label for label in dict.fromkeys(labels) if label.span != span],
        notes=fault.notes,
        shapes=chain_text(path_through(known, site, fault.blame)),
        help=fault.help,
        fixes=layer_fixes(site, argument, fault),
    )


def loss_diagnostic(known: Known, loss: Loss, fault: ShapeFault) -> Diagnostic:
    """The finding at a loss."""
    setting, layer = loss.setting, known.layers[loss.layer]
    edit = Edit(setting.head, fault.replace)
    return fault.code.at(
        setting.given.get(fault.at, setting.span),
        fault.message,
        here=fault.here,
        labels=[producer_label(known, layer, setting.span)],
        shapes=chain_text([*path_to(known, layer), f"{setting.kind} error"]),
        help=fault.help,
        fixes=[Fix(fault.help, (edit,))] if fault.replace else [],
    )


# --- both ends ----------------------------------------------------------------------------


def producer_labels(known: Known, site: Site, fault: Span) -> list[Label]:
    """The other end: where the shapes that came in were made."""
    layer = site.layer
    if site.activation:
        return [Label(layer.head, f"produces {site.given}")]
    feeds = [known.layers[i] for i in layer.inputs if i != UNKNOWN and i in known.types]
    if len(feeds) == 1:
        return [producer_label(known, feeds[0], fault)]
    shown = feeds[:BRANCHES_SHOWN]
    return [Label(feed.span, f"this branch is {known.types[feed.id]}") for feed in shown]


def producer_label(known: Known, feed: Layer, fault: Span) -> Label:
    """Where the shape was made in which a value comes in; a repeat has one text for all copies."""
    origin = origin_of_shape(known, feed)
    type = known.types[origin.id]
    if origin.span.source is fault.source and origin.span.start <= fault.start < origin.span.stop:
        return Label(origin.span, f"the copy before, {origin.name}, produces {type}")
    verb = "the input is" if origin.kind == "input" else "produces"
    return Label(origin.span, f"{verb} {type}")


def origin_of_shape(known: Known, layer: Layer) -> Layer:
    """The layer that made a shape, seen through those that pass shapes on."""
    while _passes_on(layer):
        before = known.layers[layer.inputs[0]]
        if known.types.get(before.id) != known.types[layer.id]:
            break
        layer = before
    return layer


def _passes_on(layer: Layer) -> bool:
    one = len(layer.inputs) == 1 and layer.inputs != (UNKNOWN,)
    return one and LAYERS[layer.kind].family in PASSES_SHAPE_ON


def call_labels(layer: Layer) -> list[Label]:
    """The block calls that the layer was expanded from."""
    return [Label(call, "expanded from here") for call in layer.calls]


# --- the chain of shapes ------------------------------------------------------------------


def path_through(known: Known, site: Site, branch: int) -> list[str]:
    """The path up to and including the fault, by way of one of the layer's inputs."""
    layer = site.layer
    feed = layer.inputs[branch]
    before = ["?"] if feed == UNKNOWN else path_to(known, known.layers[feed])
    if site.activation:
        return [*before, f"{layer.name} {site.given}", f"{site.activation.kind} error"]
    return [*before, f"{layer.name} error"]


def path_to(known: Known, layer: Layer) -> list[str]:
    """`input 784`, `dense1 20`: name and shape of every layer on the main path, in order.

    A question mark stands for what a fault hides.
    """
    entries = []
    while True:
        entries.append(f"{shown_name(known, layer)} {known.types.get(layer.id, '?')}")
        if layer.inputs[:1] == (UNKNOWN,):
            entries.append("?")
        if layer.inputs[:1] in ((), (UNKNOWN,)):
            return entries[::-1]
        layer = known.layers[layer.inputs[0]]


def shown_name(known: Known, layer: Layer) -> str:
    """The layer's name; the only input is called just that."""
    if layer.kind != "input":
        return layer.name
    alone = sum(other.kind == "input" for other in known.layers.values()) == 1
    return "input" if alone else layer.name


def chain_text(entries: list[str]) -> str:
    """The entries with arrows between, the middle of a long chain left out."""
    left_out = len(entries) - CHAIN_HEAD - CHAIN_TAIL
    if left_out > 1:
        entries = [*entries[:CHAIN_HEAD], f"… {left_out} more …", *entries[-CHAIN_TAIL:]]
    return " -> ".join(entries)


# --- the way out --------------------------------------------------------------------------


def arrow_before(stage: Span) -> Span | None:
    """The arrow that leads to a stage, with the spaces before it."""
    found = re.search(r"[ \t]*->\s*$", stage.source.text[: stage.start])
    return Span(stage.source, found.start(), stage.start) if found else None


def layer_fixes(site: Site, argument: Span | None, fault: ShapeFault) -> list[Fix]:
    """The change that the fault proposes, if it can be made at this place.

    Inside a block it would change the other calls too, and a name may be used elsewhere.
    """
    if site.layer.calls or (argument and argument.text[:1].isalpha()):
        return []
    if fault.insert:
        start = site.layer.span.start
        place = Span(site.layer.span.source, start, start)
        return [Fix(fault.help, (Edit(place, f"{fault.insert} -> "),))]
    if fault.drop and (arrow := arrow_before(site.layer.span)) is not None:
        return [Fix(fault.help, (Edit(arrow.to(site.layer.span), ""),))]
    if fault.replace and (argument is not None or not fault.at):
        return [Fix(fault.help, (Edit(argument or site.whole, fault.replace),))]
    return []
