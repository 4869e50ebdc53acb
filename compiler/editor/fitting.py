"""Which layers can stand behind a value at all: those whose rule does not refuse its axes."""

from __future__ import annotations

import re
from functools import lru_cache

from ..driver import check
from ..layers import LAYERS
from ..shapes.unknown import BY_AXES
from ..source import Source

_STAGE = r"(?:->|\])\s*({word}\b[^;\]\n]*?)(?=\s*(?:->|;|\]|\n|$))"


@lru_cache(maxsize=64)
def fitting(shape: str) -> frozenset[str]:
    """Return the kinds that a value of this shape may go into, by the rule of each.

    >>> {"dense", "conv"} & fitting("784"), {"dense", "conv"} & fitting("3x28x28")
    (frozenset({'dense'}), frozenset({'conv'}))
    """
    return frozenset(name for name in LAYERS if _fits(name, shape))


def _fits(name: str, shape: str) -> bool:
    """Return whether the stage of the kind's example is right behind an input of this shape.

    Sizes that the example gets wrong are another matter: they can be chosen."""
    kind = LAYERS[name]
    if kind.is_merge:
        return True
    found = re.search(_STAGE.format(word=kind.word), kind.example)
    if found is None:
        return True
    stage = found[1]
    return any(map(_is_right, (f"input {shape} -> {stage}", f"input {shape} -> {_one(stage)}")))


def _one(stage: str) -> str:
    """Return a stage with one number in place of each size, for values with other axes."""
    return re.sub(r"\b(\d+)(?:x\d+)+\b", r"\1", stage)


def _is_right(text: str) -> bool:
    return not any(d.code in BY_AXES for d in check(Source("fit.nn", f"{text}\n")).report)
