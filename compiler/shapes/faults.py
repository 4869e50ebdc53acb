"""Diagnostics of shape faults: both ends, the chain of shapes, the remedies."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..diagnostics.model import Code, Diagnostic, Edit, Fix, Label
from ..ir.layer_graph import UNKNOWN, Activation, ArgValue, Call, Layer, Loss
from ..ir.types import TensorType
from ..kinds.layer import Family
from ..kinds.shapes.context import ShapeFault
from ..layers import LAYERS
from ..source import Span
from .edits import put_before, set_value

PASSES_SHAPE_ON = {Family.ACTIVATION, Family.NORM, Family.FIXED, Family.NOISE}
CHAIN_HEAD, CHAIN_TAIL = 4, 7
BRANCHES_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Known:
    """The layers by id, and the types that were inferred or assumed."""

    layers: Mapping[int, Layer]
    types: Mapping[int, TensorType]


@dataclass(frozen=True, slots=True)
class Site:
    """The layer at fault, or its trailing activation and the activation's input type."""

    layer: Layer
    activation: Activation | None = None
    given: TensorType | None = None

    @property
    def whole(self) -> Span:
        """The span of the whole stage."""
        return self.activation.span if self.activation else self.layer.span

    def argument(self, name: str) -> Span | None:
        """Return the span of an argument, if written; for `use`, that of the shared stage."""
        if name == "use":
            return next((c for c in reversed(self.layer.calls) if c.text.startswith("use")), None)
        return None if self.activation else self.layer.given.get(name)


@dataclass(frozen=True, slots=True)
class Way:
    """A remedy: its description, and its edits of the text; none if they cannot be made."""

    title: str
    edits: tuple[Edit, ...] = ()


Guide = Callable[[Known, Site, ShapeFault], Sequence[Way]]

GUIDES: dict[Code, list[Guide]] = {}
"""Functions that find remedies beyond the layer at fault; registered by the files of `ways`."""


def guide(*codes: Code) -> Callable[[Guide], Guide]:
    """Register a guide for faults of these codes; the first one with a remedy is used."""

    def enter(function: Guide) -> Guide:
        for code in codes:
            GUIDES.setdefault(code, []).append(function)
        return function

    return enter


def layer_diagnostic(known: Known, site: Site, fault: ShapeFault) -> Diagnostic:
    """Return the diagnostic of a fault at a layer."""
    layer, argument = site.layer, site.argument(fault.at)
    span = argument or site.whole
    help, more, fixes = advice(known, site, fault)
    also = [Label(place, text) for place, text in fault.also]
    labels = [*producer_labels(known, site, span, fault.blame), *also, *call_labels(layer)]
    return fault.code.at(
        span,
        fault.message,
        here=fault.here,
        labels=[label for label in dict.fromkeys(labels) if label.span != span],
        notes=[*fault.notes, *more],
        shapes=chains(known, site, fault),
        help=help,
        fixes=fixes,
    )


def loss_diagnostic(known: Known, loss: Loss, fault: ShapeFault) -> Diagnostic:
    """Return the diagnostic of a fault at a loss."""
    setting, layer = loss.setting, known.layers[loss.layer]
    edits = loss_edits(loss, layer, fault.replace)
    return fault.code.at(
        setting.given.get(fault.at, setting.span),
        fault.message,
        here=fault.here,
        labels=[producer_label(known, layer, setting.span)],
        shapes=chain_text([*path_to(known, layer), f"{setting.word} error"]),
        help=fault.help,
        fixes=[Fix(fault.help, edits)] if edits else [],
    )


def loss_edits(loss: Loss, layer: Layer, kind: str) -> tuple[Edit, ...]:
    """Return the edits to another loss with its activation; its arguments must be the same."""
    own, setting = layer.activation, loss.setting
    if not kind or setting.given.keys() - {"reduction"}:
        return ()
    other = Edit(setting.head, kind)
    if own is None or own.kind not in ("softmax", "log_softmax"):
        return (other,)
    return () if layer.calls else (other, Edit(own.span, "sigmoid"))


# --- both ends ----------------------------------------------------------------------------


def producer_labels(known: Known, site: Site, fault: Span, blame: int) -> list[Label]:
    """Label the other end: where the incoming shapes, or that to blame, were made."""
    layer = site.layer
    if site.activation:
        return [Label(layer.head, f"produces {site.given}")]
    ids = layer.inputs if LAYERS[layer.kind].is_merge else layer.inputs[blame : blame + 1]
    feeds = [known.layers[i] for i in ids if i != UNKNOWN and i in known.types]
    if len(feeds) == 1:
        return [producer_label(known, feeds[0], fault)]
    shown = feeds[:BRANCHES_SHOWN]
    return [Label(feed.span, f"this branch is {known.types[feed.id]}") for feed in shown]


def producer_label(known: Known, feed: Layer, fault: Span) -> Label:
    """Label where an incoming shape was made; a repeat has one text for all copies."""
    origin = origin_of_shape(known, feed)
    type = known.types[origin.id]
    if origin.span.source is fault.source and origin.span.start <= fault.start < origin.span.stop:
        return Label(origin.span, f"the copy before, {origin.name}, produces {type}")
    verb = "the input is" if origin.kind == "input" else "produces"
    return Label(origin.span, f"{verb} {type}")


def origin_of_shape(known: Known, layer: Layer) -> Layer:
    """Return the layer that made a shape, through those that pass shapes on."""
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
    """Label the block calls from which the layer was expanded."""
    return [Label(call, "expanded from here") for call in layer.calls]


# --- the chain of shapes ------------------------------------------------------------------


def chains(known: Known, site: Site, fault: ShapeFault) -> str:
    """Return the path to the fault; at a merge one line for each branch."""
    count = len(site.layer.inputs)
    if site.activation or count == 1 or not LAYERS[site.layer.kind].is_merge:
        return chain_text(path_through(known, site, fault.blame))
    shown = range(min(count, BRANCHES_SHOWN))
    lines = [f"branch {i + 1}: {chain_text(path_through(known, site, i))}" for i in shown]
    return "\n".join([*lines, *([f"… {count - len(shown)} more …"] if count > len(shown) else [])])


def path_through(known: Known, site: Site, branch: int) -> list[str]:
    """Return the path up to and including the fault, through one of the layer's inputs."""
    layer = site.layer
    feed = layer.inputs[branch]
    before = ["?"] if feed == UNKNOWN else path_to(known, known.layers[feed])
    if site.activation:
        return [*before, f"{layer.name} {site.given}", f"{site.activation.kind} error"]
    return [*before, f"{layer.name} error"]


def path_to(known: Known, layer: Layer) -> list[str]:
    """Return name and shape of every layer on the main path, in order: `input 784`, `dense1 20`.

    A question mark replaces shapes that are unknown because of a fault."""
    entries = []
    while True:
        entries.append(f"{shown_name(known, layer)} {known.types.get(layer.id, '?')}")
        if layer.inputs[:1] == (UNKNOWN,):
            entries.append("?")
        if layer.inputs[:1] in ((), (UNKNOWN,)):
            return entries[::-1]
        layer = known.layers[layer.inputs[0]]


def shown_name(known: Known, layer: Layer) -> str:
    """Return the layer's name; a single input is just `input`."""
    if layer.kind != "input":
        return layer.name
    alone = sum(other.kind == "input" for other in known.layers.values()) == 1
    return "input" if alone else layer.name


def chain_text(entries: list[str]) -> str:
    """Return the entries joined by arrows; the middle of a long chain is left out."""
    left_out = len(entries) - CHAIN_HEAD - CHAIN_TAIL
    if left_out > 1:
        entries = [*entries[:CHAIN_HEAD], f"… {left_out} more …", *entries[-CHAIN_TAIL:]]
    return " -> ".join(entries)


# --- the way out --------------------------------------------------------------------------


def arrow_before(stage: Span) -> Span | None:
    """Return the arrow that leads to a stage, with the spaces before it."""
    found = re.search(r"[ \t]*->\s*$", stage.source.text[: stage.start])
    return Span(stage.source, found.start(), stage.start) if found else None


def advice(known: Known, site: Site, fault: ShapeFault) -> tuple[str, list[str], list[Fix]]:
    """Return the help, advice without edits, and the fixes, best first."""
    guides = GUIDES.get(fault.code, ()) if _is_typed(known, site.layer) else ()
    for find in guides:
        if ways := find(known, site, fault):
            return told(ways)
    return fault.help, [], layer_fixes(site, fault)


def _is_typed(known: Known, layer: Layer) -> bool:
    """Return whether the incoming value has a type, as have all layers that made it."""
    feeds = [known.layers.get(i) for i in layer.inputs]
    return all(f is not None and all(i in known.types for i in (f.id, *f.inputs)) for f in feeds)


def told(ways: Sequence[Way]) -> tuple[str, list[str], list[Fix]]:
    """Return the first remedy as help, others with edits as fixes, the rest as notes."""
    fixes = [Fix(way.title, way.edits) for way in ways if way.edits]
    if not fixes:
        return ", or ".join(way.title for way in ways), [], []
    rest = [f"or {way.title}" for way in ways[1:] if not way.edits]
    return ways[0].title, rest, fixes


def _named(argument: Span, value: ArgValue) -> bool:
    """Return whether a value is written as the name of a constant, which may have other uses."""
    word = value.name if isinstance(value, Call) else value
    return argument.text[:1].isalpha() and not (
        isinstance(word, str) and argument.text.startswith(word)
    )


def put_in(site: Site, stages: str) -> Edit:
    """Insert stages before the layer, or, for its activation, between the two."""
    own = site.activation
    if own is None:
        return put_before(site.layer, stages)
    return Edit(own.span, f"-> {stages} -> {own.span.text}")


def layer_fixes(site: Site, fault: ShapeFault) -> list[Fix]:
    """Return the fix that the fault itself proposes, if it can be made here.

    Inside a block it would change the other calls too, and a named constant may have other uses."""
    layer, argument = site.layer, site.argument(fault.at)
    if layer.calls or (argument and _named(argument, layer.args.get(fault.at))):
        return []
    if fault.insert:
        return [Fix(fault.help, (put_in(site, fault.insert),))]
    if fault.drop and (arrow := arrow_before(layer.span)) is not None:
        return [Fix(fault.help, (Edit(arrow.to(layer.span), ""),))]
    if not fault.replace:
        return []
    if argument is not None or not fault.at:
        return [Fix(fault.help, (Edit(argument or site.whole, fault.replace),))]
    edit = set_value(layer, fault.at, fault.replace)
    return [Fix(fault.help, (edit,))] if edit else []
