"""Abbreviation of long lists of numbers: the first few, and the number of all."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_SHOWN = 8
"""Longer lists are abbreviated: 784 means are not informative, and hide the text beside them."""

_FIRST = 3
_NUMBER = r"[-+]?[0-9.][-+0-9.eE]*"
_LONG = re.compile(rf"\[\s*{_NUMBER}(?:\s*,\s*{_NUMBER}){{{MAX_SHOWN},}}\s*,?\s*\]")


def list_text(items: Sequence[str]) -> str:
    """Return `[1, 2]`, or `[1, 2, 3, … 784 in all]`."""
    shown = items
    if len(items) > MAX_SHOWN:
        shown = [*items[:_FIRST], f"… {len(items):,} in all"]
    return f"[{', '.join(shown)}]"


def cut_lists(text: str) -> str:
    """Abbreviate the long lists of numbers in the text of a spec."""
    return _LONG.sub(lambda found: list_text(_items(found[0])), text)


def _items(text: str) -> list[str]:
    return [item.strip() for item in text.strip("[], \t\r\n").split(",")]


def shape_text(text: str) -> str:
    """Abbreviate a shape or size with more than MAX_SHOWN axes in its middle."""
    size, _, more = text.partition(" ")
    axes = size.split("x")
    if len(axes) <= MAX_SHOWN:
        return text
    cut = "x".join([*axes[:_FIRST], "…", axes[-1]])
    return f"{cut} ({len(axes)} axes){' ' if more else ''}{more}"
