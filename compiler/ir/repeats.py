"""Detection of equal consecutive parts of a network, such as an expanded repeat.

A network is cut wherever a single value is passed on. The part between two cuts is a piece;
pieces are equal if their layers have the same kinds, arguments, connections and types. A run is a
sequence of equal pieces (or sequences of pieces), and may contain runs.

Some layers are never folded: inputs, outputs, layers with a loss, layers whose weights others
share, and layers whose names differ in more than a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .layer_graph import Activation, ArgValue, Call, TypedGraph

MAX_PERIOD = 64
"""Most pieces in a repeated sequence."""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive copies; `items` are those of the first.

    Items are positions of layers and runs within; copies are `period` layers apart.
    """

    start: int
    period: int
    copies: int
    items: tuple[Item, ...]

    @property
    def stop(self) -> int:
        """The position after the last layer of the last copy."""
        return self.start + self.period * self.copies


Item = int | Run


def runs(typed: TypedGraph, least: int) -> tuple[Item, ...]:
    """Return the positions of all layers in order; `least` or more equal copies become runs."""
    bounds = list(_pieces(typed))
    keys: dict[object, int] = {}
    signed = _Signatures(typed)
    kinds = [keys.setdefault(signed.of(a, b), len(keys)) for a, b in bounds]
    return tuple(_folded(kinds, [a for a, _ in bounds] + [len(typed.graph.layers)], 0, least))


def _folded(kinds: Sequence[int], starts: Sequence[int], first: int, least: int) -> Iterator[Item]:
    """Yield the items of some pieces; `starts` has their first layers, and the end of the last."""
    at = first
    while at < first + len(kinds):
        period, copies = _longest(kinds, at - first, least)
        if not copies:
            yield from range(starts[at], starts[at + 1])
            at += 1
            continue
        one = kinds[at - first : at - first + period]
        if period > 1:
            items = tuple(_folded(one, starts, at, least))
        else:
            items = tuple(range(starts[at], starts[at + 1]))
        yield Run(starts[at], starts[at + period] - starts[at], copies, items)
        at += period * copies


def _longest(kinds: Sequence[int], at: int, least: int) -> tuple[int, int]:
    """Return period and number of the copies that cover most from here; (0, 0) if too few."""
    best, covered = (0, 0), 0
    for period in range(1, min(MAX_PERIOD, (len(kinds) - at) // least) + 1):
        stop = at + period
        while stop < len(kinds) and kinds[stop] == kinds[stop - period]:
            stop += 1
        copies = (stop - at) // period
        if copies >= least and period * copies > covered:
            best, covered = (period, copies), period * copies
    return best


def _pieces(typed: TypedGraph) -> Iterator[tuple[int, int]]:
    """Yield first layer and stop of every piece, of which only the last value is used later."""
    layers = typed.graph.layers
    position = {layer.id: i for i, layer in enumerate(layers)}
    last = list(range(len(layers)))
    for i, layer in enumerate(layers):
        for feed in layer.inputs:
            last[position[feed]] = max(last[position[feed]], i)
    start = needed = 0
    for i in range(len(layers)):
        if needed <= i:
            yield start, i + 1
            start = i + 1
        needed = max(needed, last[i])


class _Signatures:
    """Computes keys that are equal for equal pieces."""

    def __init__(self, typed: TypedGraph) -> None:
        self.typed = typed
        graph = typed.graph
        self.position = {layer.id: i for i, layer in enumerate(graph.layers)}
        ends = {output.layer for output in graph.outputs}
        ends |= {i for loss in graph.losses for i in loss.layers}
        lenders = {layer.shares for layer in graph.layers}
        lenders |= {str(layer.args["tie"]) for layer in graph.layers if layer.args.get("tie")}
        self.single = {
            layer.id
            for layer in graph.layers
            if layer.id in ends or layer.name in lenders or not layer.inputs
        }

    def of(self, start: int, stop: int) -> object:
        """Return a hashable value, equal for equal pieces only."""
        return tuple(self._layer(i, start) for i in range(start, stop))

    def _layer(self, at: int, start: int) -> object:
        layer = self.typed.graph.layers[at]
        if layer.id in self.single:
            return layer.id
        feeds = tuple(self.position[feed] - start for feed in layer.inputs)
        if min(feeds) < -1:  # the piece reads a value before the last one of the previous piece
            return layer.id
        types = tuple(self.typed.types[i] for i in (*layer.inputs, layer.id))
        activation = layer.activation and _activation(layer.activation)
        path = tuple(part.rstrip("0123456789") for part in layer.name.split("."))
        arguments = _arguments(layer.args), frozenset(layer.given), layer.frozen
        return layer.kind, path, arguments, activation, layer.shares, feeds, types


def _activation(activation: Activation) -> object:
    return activation.kind, _arguments(activation.args)


def _arguments(args: Mapping[str, ArgValue]) -> object:
    return tuple((name, _value(value)) for name, value in args.items())


def _value(value: ArgValue) -> object:
    """Return an argument without its span; 1, 1.0 and true are distinct."""
    if isinstance(value, Call):
        return value.name, _arguments(value.args)
    if isinstance(value, tuple):
        return tuple(map(_value, value))
    return type(value).__name__, value
