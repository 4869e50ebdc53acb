"""Scopes of a picture: the layers of a block or named group, and of a repeat."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from .folded import Folded

Edges = Collection[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Layers by position, the name of their block or group, and the number of copies.

    The name is empty for a mere repeat; `copies` is 0 for a block that is shown once for every
    call."""

    layers: tuple[int, ...]
    name: str
    copies: int = 0


def scopes(names: Sequence[str], folded: Folded, edges: Edges) -> list[Scope]:
    """Return all scopes of two layers or more, inner ones after outer ones.

    Two scopes never overlap partially, and no path leads out of scopes and back into them. Scopes
    that cannot be drawn so (a block that begins or ends within a repeat) are left out."""
    found = [Scope(tuple(inside), "", copies) for inside, copies in folded.frames]
    repeats = {frozenset(scope.layers): at for at, scope in enumerate(found)}
    for block in _blocks({at: names[at] for at in folded.shown}):
        same = repeats.get(frozenset(block.layers))
        if same is not None:
            name = _first_to_last(block, names, folded)
            found[same] = Scope(block.layers, name, found[same].copies)
        elif all(_apart(set(block.layers), repeat) for repeat in repeats):
            found.append(block)
    found.sort(key=lambda scope: (min(scope.layers), -len(scope.layers)))
    return _drawable(found, edges)


def _blocks(names: Mapping[int, str]) -> Iterator[Scope]:
    """Yield the blocks and groups: a layer's name begins with the names of those it is in."""
    members: dict[str, list[int]] = {}
    for at, name in names.items():
        parts = name.split(".")[:-1]
        for depth in range(len(parts)):
            members.setdefault(".".join(parts[: depth + 1]), []).append(at)
    for name, layers in members.items():
        if len(layers) > 1:
            yield Scope(tuple(layers), name)


def _first_to_last(scope: Scope, names: Sequence[str], folded: Folded) -> str:
    """Return `block1 … block12`: the scopes of the first and the last copy."""
    last = names[folded.shown[scope.layers[0]]]
    parts = last.split(".")[: scope.name.count(".") + 1]
    return f"{scope.name} … {'.'.join(parts)}"


def _apart(own: Collection[int], other: Collection[int]) -> bool:
    """Return whether two scopes are nested or disjoint."""
    shared = set(own) & set(other)
    return not shared or len(shared) in (len(own), len(other))


def _drawable(found: Sequence[Scope], edges: Edges) -> list[Scope]:
    """Return the scopes without those that paths leave and enter again."""
    left = list(found)
    while True:
        inside = _innermost(left)
        bad = {at for level in _levels(left, inside, edges) for at in _on_cycles(level)}
        if not bad:
            return left
        left = [scope for at, scope in enumerate(left) if at not in bad]


def _innermost(found: Sequence[Scope]) -> dict[int, tuple[int, ...]]:
    """Return the scopes of every layer by position, outermost first."""
    inside: dict[int, tuple[int, ...]] = {}
    for at, scope in enumerate(found):
        for layer in scope.layers:
            inside[layer] = (*inside.get(layer, ()), at)
    return inside


def _levels(
    found: Sequence[Scope], inside: Mapping[int, tuple[int, ...]], edges: Edges
) -> Iterator[nx.DiGraph[tuple[str, int]]]:
    """Yield the direct content of each scope (or of none), with inner scopes as single nodes."""
    graphs: dict[tuple[int, ...], nx.DiGraph[tuple[str, int]]] = {}
    for source, target in edges:
        a, b = inside.get(source, ()), inside.get(target, ())
        depth = next((i for i, (s, t) in enumerate(zip(a, b, strict=False)) if s != t), None)
        depth = min(len(a), len(b)) if depth is None else depth
        ends = [
            ("scope", path[depth]) if len(path) > depth else ("layer", layer)
            for path, layer in ((a, source), (b, target))
        ]
        graphs.setdefault(a[:depth], nx.DiGraph()).add_edge(*ends)
    yield from graphs.values()


def _on_cycles(graph: nx.DiGraph[tuple[str, int]]) -> Iterator[int]:
    """Yield the scopes that paths leave and enter again."""
    for part in nx.strongly_connected_components(graph):
        if len(part) > 1:
            yield from (at for kind, at in part if kind == "scope")
