"""Which layers of a picture belong together: those of a block or named group, and of a repeat."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import networkx as nx

from .folded import Folded

Edges = Collection[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Scope:
    """Layers by position, the name of their block or group, and how many copies they stand for.

    The name is empty where nothing but the repeat holds them together, `copies` is 0 for a
    block that is shown once for every time it was called.
    """

    layers: tuple[int, ...]
    name: str
    copies: int = 0


def scopes(names: Sequence[str], folded: Folded, edges: Edges) -> list[Scope]:
    """All scopes of two layers or more, each after those it lies within.

    Two scopes never overlap in part, and no way leads out of scopes and back into them. What
    cannot be drawn so (a block that begins or ends within a repeat) is left out.
    """
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
    """The blocks and groups: a layer's name begins with the names of those it is in."""
    members: dict[str, list[int]] = {}
    for at, name in names.items():
        parts = name.split(".")[:-1]
        for depth in range(len(parts)):
            members.setdefault(".".join(parts[: depth + 1]), []).append(at)
    for name, layers in members.items():
        if len(layers) > 1:
            yield Scope(tuple(layers), name)


def _first_to_last(scope: Scope, names: Sequence[str], folded: Folded) -> str:
    """`block1 … block12`: the scope of the first copy and that of the last."""
    last = names[folded.shown[scope.layers[0]]]
    parts = last.split(".")[: scope.name.count(".") + 1]
    return f"{scope.name} … {'.'.join(parts)}"


def _apart(own: Collection[int], other: Collection[int]) -> bool:
    """Whether a scope lies within another one, around it or beside it."""
    shared = set(own) & set(other)
    return not shared or len(shared) in (len(own), len(other))


def _drawable(found: Sequence[Scope], edges: Edges) -> list[Scope]:
    """The scopes without those that ways lead out of and back into."""
    left = list(found)
    while True:
        inside = _innermost(left)
        bad = {at for level in _levels(left, inside, edges) for at in _on_cycles(level)}
        if not bad:
            return left
        left = [scope for at, scope in enumerate(left) if at not in bad]


def _innermost(found: Sequence[Scope]) -> dict[int, tuple[int, ...]]:
    """For every layer the scopes it lies in, by place, the outermost first."""
    inside: dict[int, tuple[int, ...]] = {}
    for at, scope in enumerate(found):
        for layer in scope.layers:
            inside[layer] = (*inside.get(layer, ()), at)
    return inside


def _levels(
    found: Sequence[Scope], inside: Mapping[int, tuple[int, ...]], edges: Edges
) -> Iterator[nx.DiGraph[tuple[str, int]]]:
    """What lies directly within each scope (or in none), scopes as single nodes."""
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
    """The scopes that ways lead out of and back into."""
    for part in nx.strongly_connected_components(graph):
        if len(part) > 1:
            yield from (at for kind, at in part if kind == "scope")
