"""Folding of repeated layers in a picture: the layers shown, and those that they represent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..ir.repeats import Item, Run


@dataclass(slots=True)
class Folded:
    """Layers by their position.

    `shown` maps each layer of the picture to the last one that it represents (a repeated single
    layer within another repeat: the last of the first copy), `stands` every layer to the one shown
    for it, `alone` a repeated single layer to its copies, and `frames` has the layers of each
    repeat of several, with the number of copies, outer repeats first."""

    shown: dict[int, int] = field(default_factory=dict)
    stands: dict[int, int] = field(default_factory=dict)
    alone: dict[int, int] = field(default_factory=dict)
    frames: list[tuple[list[int], int]] = field(default_factory=list)


def fold(items: Iterable[Item]) -> Folded:
    """Show the first copy of every run."""
    folded = Folded()
    _add(folded, items, 0)
    return folded


def _add(folded: Folded, items: Iterable[Item], back: int) -> None:
    """Add items whose last copy is `back` layers later."""
    for item in items:
        if not isinstance(item, Run):
            folded.shown[item], folded.stands[item] = item + back, item
            continue
        known, frame = len(folded.shown), len(folded.frames)
        _add(folded, item.items, back + item.period * (item.copies - 1))
        inside = list(folded.shown)[known:]
        if len(inside) == 1 and len(folded.frames) == frame and inside[0] not in folded.alone:
            folded.alone[inside[0]] = item.copies
            folded.shown[inside[0]] -= back
        else:
            folded.frames.insert(frame, (inside, item.copies))
        for at in range(item.start + item.period, item.stop):
            folded.stands[at] = folded.stands[item.start + (at - item.start) % item.period]
