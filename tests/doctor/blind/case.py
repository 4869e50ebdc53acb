"""A case: a program with its spec, the arrays it gives, and a description of its mistake."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from .oracle import Arrays


@dataclass(frozen=True, slots=True)
class Case:
    """`arrays` runs the program; `wrong` says which of its arrays differ from the right ones."""

    name: str
    spec: str
    arrays: Callable[[], Arrays]
    truth: str
    kind: str
    source: str
    note: str
    layout: tuple[str, ...]
    wrong: Callable[[Arrays], list[str]]
    parts: tuple[Case, ...] = ()


SINGLE: list[Case] = []
DOUBLE: list[Case] = []
CORRECT: list[Case] = []


def patched(source: str, *lines: str) -> str:
    """`source` with each of `lines[::2]`, which it has once, replaced by the line after."""
    for old, new in zip(lines[::2], lines[1::2], strict=True):
        count = source.count(old)
        assert count == 1, f"{count} times in the program: {old!r}"
        source = source.replace(old, new)
    return source


def seed_of(name: str) -> int:
    """A seed that stays when cases are added."""
    return zlib.crc32(name.encode())
