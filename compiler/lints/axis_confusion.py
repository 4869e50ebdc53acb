"""NN344: one layer treats an axis as features, the next one as positions.

A value of positions by features (TxD) and one of channels by positions (CxL) are confused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Fix, Label
from ..ir.dims import shape_text
from ..ir.layer_graph import Layer
from ..shapes.channels import passes_shape, reads_channels
from ..shapes.edits import put_before, put_behind
from ..shapes.faults import call_labels
from .network import FAR_BACK, Network
from .registry import lint

BY_FEATURE = ("dense", "rnn", "lstm", "gru", "attention", "embedding")
"""Kinds whose output with two axes is TxD."""

READS_FEATURES = ("dense", "rnn", "lstm", "gru", "attention", "positional")
BY_CHANNEL = ("batchnorm", "groupnorm")


@dataclass(frozen=True, slots=True)
class Readings:
    """The meaning of a value's two axes for the layer that made it and for its reader."""

    made: str
    read: str
    stays: bool


@lint
def axis_confusion(network: Network) -> Iterator[Diagnostic]:
    """Warn of `dense 16 -> batchnorm` on TxD, `conv 16 3 -> lstm 32` on CxL."""
    for layer in network.graph.layers:
        if len(layer.inputs) != 1 or len(network.typed.shape_of(layer.inputs[0])) != 2:
            continue
        maker = _maker(network, layer.inputs[0])
        readings = _readings(maker, layer) if maker else None
        if maker is not None and readings is not None:
            yield _finding(network, maker, layer, readings)


def _maker(network: Network, id: int) -> Layer | None:
    """Return the layer that determines the meaning of the value's axes."""
    for _ in range(FAR_BACK):
        layer = network.layers[id]
        if len(layer.inputs) != 1 or not passes_shape(layer) or layer.kind in BY_CHANNEL:
            return layer
        id = layer.inputs[0]
    return None


def _readings(maker: Layer, layer: Layer) -> Readings | None:
    if maker.kind in BY_FEATURE and (reads_channels(layer.kind) or layer.kind in BY_CHANNEL):
        return Readings("positions of features", "channels of positions", layer.kind in BY_CHANNEL)
    if reads_channels(maker.kind) and layer.kind in READS_FEATURES:
        return Readings("channels of positions", "positions of features", False)
    return None


def _finding(network: Network, maker: Layer, layer: Layer, readings: Readings) -> Diagnostic:
    a, b = network.typed.shape_of(layer.inputs[0])
    title = _title(layer, readings)
    return codes.AXIS_CONFUSION.at(
        layer.span,
        f"{layer.kind} reads {shape_text((a, b))} as {_said(readings.read, a, b)}, "
        f"but {maker.kind} made {_said(readings.made, a, b)} of it",
        here=f"reads {readings.read}",
        labels=[Label(maker.span, f"makes {readings.made}"), *call_labels(layer)],
        notes=[_in_training(layer)],
        help=title,
        fixes=_fixes(layer, readings, title),
    )


def _said(reading: str, first: object, last: object) -> str:
    one, many = reading.split(" of ")
    return f"{first} {one} of {last} {many}"


def _in_training(layer: Layer) -> str:
    if layer.kind in BY_CHANNEL:
        return "in training every position gets statistics of its own, over all of its features"
    return "in training its weights belong to the wrong axis"


def _title(layer: Layer, readings: Readings) -> str:
    if readings.stays:
        return "put `transpose` before it and behind it"
    if layer.kind == "dense":
        return "put `flatten` before it, to see all positions at once"
    return "put `transpose` before it"


def _fixes(layer: Layer, readings: Readings, title: str) -> list[Fix]:
    if layer.calls:
        return []
    if readings.stays:
        edits = (put_before(layer, "transpose"), put_behind(layer.span, "transpose"))
        return [] if _is_named(layer) else [Fix(title, edits)]
    if layer.kind == "dense":
        each = "put `transpose` before it, for the same weights at every position"
        flat = Fix(title, (put_before(layer, "flatten"),))
        return [flat, Fix(each, (put_before(layer, "transpose"),))]
    return [Fix(title, (put_before(layer, "transpose"),))]


def _is_named(layer: Layer) -> bool:
    behind = layer.span.source.text[layer.span.stop :]
    return behind.lstrip(" \t").startswith("as ")
