"""Shortening of repeated equal layers, for estimates that need not count each one.

Planning the training step of 9,000 equal layers takes a minute, and the plan is 9,000 times the
same. The first and the last copies of a run may keep other values, because of their neighbours;
those within are alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

from ..ir.layer_graph import Layer, TypedGraph
from ..ir.repeats import Item, Run, runs

COPIES = 5
"""Copies of each run that are kept; the middle one represents those left out."""


def shortened(typed: TypedGraph) -> tuple[TypedGraph, dict[str, int]]:
    """Return the network with fewer copies, and the number of layers that each layer represents.

    Layers that represent only themselves are not listed."""
    layers, times, instead = typed.graph.layers, dict[str, int](), dict[int, int]()
    kept: list[Layer] = []
    for at, count in _kept(runs(typed, COPIES + 1), 0, 1):
        kept.append(layers[at])
        if count > 1:
            times[layers[at].name] = count
    if len(kept) == len(layers):
        return typed, {}
    ids = {layer.id for layer in kept}
    for before, layer in pairwise(layers):
        if layer.id not in ids:
            instead[layer.id] = instead.get(before.id, before.id)
    return _without(typed, kept, instead), times


def _kept(items: Iterable[Item], shift: int, count: int) -> Iterator[tuple[int, int]]:
    """Yield the positions of kept layers, shifted by `shift`, and the number each represents."""
    for item in items:
        if not isinstance(item, Run):
            yield item + shift, count
            continue
        middle = COPIES // 2
        for copy in range(COPIES):
            at = copy if copy <= middle else item.copies - COPIES + copy
            many = item.copies - COPIES + 1 if copy == middle else 1
            yield from _kept(item.items, shift + at * item.period, count * many)


def _without(typed: TypedGraph, kept: list[Layer], instead: dict[int, int]) -> TypedGraph:
    """Return the network of some layers, with inputs replaced where values were left out."""
    number = {layer.id: i for i, layer in enumerate(kept)}
    old = {i: layer.id for i, layer in enumerate(kept)}
    gone = {
        name
        for layer in typed.graph.layers
        if layer.id in instead
        for name in (layer.name, layer.activation.name if layer.activation else layer.name)
    }
    layers = tuple(
        replace(
            layer,
            id=number[layer.id],
            inputs=tuple(number[instead.get(feed, feed)] for feed in layer.inputs),
        )
        for layer in kept
    )
    graph = replace(
        typed.graph,
        layers=layers,
        outputs=tuple(replace(o, layer=number[o.layer]) for o in typed.graph.outputs),
        losses=tuple(
            replace(o, layer=number[o.layer], more=tuple(number[i] for i in o.more))
            for o in typed.graph.losses
        ),
    )
    return replace(
        typed,
        graph=graph,
        types={i: typed.types[old[i]] for i in old},
        params=tuple(p for p in typed.params if not _belongs(p.name, gone)),
        states=tuple(s for s in typed.states if not _belongs(s.name, gone)),
    )


def _belongs(name: str, layers: set[str]) -> bool:
    """Return whether an array belongs to one of the layers: `dense3.W` to dense3."""
    while name:
        if name in layers:
            return True
        name = name.rpartition(".")[0]
    return False
