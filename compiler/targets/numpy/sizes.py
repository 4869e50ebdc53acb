"""The sizes known only at run time, with the bounds that a model accepts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from ...ir.dims import Dim, evaluate, symbols
from ...ir.layer_graph import TypedGraph
from .arrays import SizeView

LARGE_SIZE = 10_000
"""The value of a size known at run time where only the others matter."""


def size_views(typed: TypedGraph) -> Iterator[SizeView]:
    """Yield the sizes known at run time, with the bounds in which every shape has entries."""
    inputs = [typed.shape_of(n.id) for n in typed.graph.layers if n.kind == "input"]
    names = dict.fromkeys(s for shape in inputs for n in shape for s in sorted(symbols(n)))
    sizes = {n for shape in (t.shape for t in typed.types.values()) for n in shape}
    for place, name in enumerate(names):
        own = [n for n in (*sizes, *typed.conditions) if name in symbols(n)]
        least, most = _bounds(name, own, dict.fromkeys(names, LARGE_SIZE))
        sample = max(6 + place, least + 2)
        yield SizeView(name, least, most, sample if most is None else min(sample, most))


def _bounds(name: str, own: list[Dim], others: dict[str, int]) -> tuple[int, int | None]:
    """Return the least and greatest value of a size at which all its dimensions are positive."""

    def fits(value: int) -> bool:
        return all(evaluate(n, {**others, name: value}) >= 1 for n in own)

    least = next(filter(fits, range(1, LARGE_SIZE)), 1)
    if fits(LARGE_SIZE):
        return least, None
    return least, bisect_left(range(least, LARGE_SIZE), True, key=lambda n: not fits(n)) + least - 1
