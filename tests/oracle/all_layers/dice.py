"""Random choices, and the text of a layer's arguments."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from ..tree import Layer


class Dice(random.Random):
    """Random choices in the words that generators use."""

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.random() < p

    def number(self, low: float, high: float) -> float:
        """A number with two decimals, never zero."""
        return round(self.uniform(low, high), 2) or 0.5

    def ends(self, axes: int, low: int, high: int) -> tuple[Any, ...]:
        """What is added around every axis: mostly as much at both ends, else a pair."""
        if self.chance(0.7):
            return tuple(self.sizes(axes, low, high))
        count = 1 if self.chance(0.5) else axes
        pairs = [(self.randint(low, high), self.randint(low, high)) for _ in range(count)]
        return tuple(a if a == b else (a, b) for a, b in pairs)

    def sizes(self, axes: int, low: int, high: int) -> list[int]:
        """One number for all axes, or one for each."""
        count = 1 if self.chance(0.5) else axes
        return [self.randint(low, high) for _ in range(count)]


def written(value: Any) -> str:
    """A value as a spec writes it; a list of numbers in brackets, a tuple as a size."""
    match value:
        case bool():
            return str(value).lower()
        case list():
            return "[" + ", ".join(written(v) for v in value) + "]"
        case tuple():
            texts = [f"{v[0]}:{v[1]}" if isinstance(v, tuple) else str(v) for v in value]
            if len(texts) == 1:
                return texts[0]
            return "x".join(f"({t})" if ":" in t else t for t in texts)
        case int() | float() if value < 0:
            return f"({value})"
    return str(value)


def layer(
    dice: Dice,
    kind: str,
    places: Sequence[Any],
    options: Mapping[str, Any],
    attrs: Mapping[str, Any],
) -> Layer:
    """A layer as written, the options in any order, in call form or not."""
    words = [written(p) for p in places]
    keyed = [f"{key}={written(value)}" for key, value in options.items()]
    dice.shuffle(keyed)
    given = {"given": tuple(options)}
    if places and dice.chance(0.2):
        call = f"{kind}({', '.join([*words, *keyed])})"
        return Layer(call, kind, {**attrs, **given})
    return Layer(" ".join([kind, *words, *keyed]), kind, {**attrs, **given})
