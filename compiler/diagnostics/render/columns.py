"""Where the characters of a source line stand on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

TAB = "    "
LONG = 140
CONTEXT = 40
ELLIPSIS = "..."
_NEVER_SHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class DisplayLine:
    """A source line as shown, and the column (from 0) of each shown character and of the end."""

    text: str
    columns: Mapping[int, int]


def display_line(text: str, marked: Iterable[int]) -> DisplayLine:
    """Lay a line out: tabs become spaces, wide characters count twice, controls are pictured.

    In a line too long to be shown, only the surroundings of the `marked` offsets remain.
    """
    shown: list[str] = []
    columns: dict[int, int] = {}
    at = following = 0
    for kept in _kept(len(text), marked):
        if kept.start != following:
            shown.append(ELLIPSIS)
            at += len(ELLIPSIS)
        following = kept.stop
        plain = text[kept.start : kept.stop]
        if plain.isascii() and plain.isprintable():
            shown.append(plain)
            columns.update(zip(kept, range(at, at + len(kept)), strict=True))
            at += len(kept)
            continue
        for offset in kept:
            columns[offset] = at
            piece = _shown(text[offset])
            shown.append(piece)
            at += text_width(piece)
    if following != len(text):
        shown.append(ELLIPSIS)
        at += len(ELLIPSIS)
    columns[len(text)] = at
    return DisplayLine("".join(shown), columns)


def text_width(text: str) -> int:
    """Number of terminal cells a text takes."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def visible(text: str) -> str:
    """The text with every character that could steer a terminal replaced by a picture of it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_picture, text))


def _shown(char: str) -> str:
    return TAB if char == "\t" else visible(char)


def _kept(length: int, marked: Iterable[int]) -> list[range]:
    """The offsets that are shown, in order and without overlap."""
    if length <= LONG:
        return [range(length)]
    kept: list[range] = []
    for mark in sorted(marked):
        start, stop = max(0, mark - CONTEXT), min(length, mark + CONTEXT)
        if kept and start <= kept[-1].stop:
            kept[-1] = range(kept[-1].start, stop)
        else:
            kept.append(range(start, stop))
    return kept


def _char_width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _picture(char: str) -> str:
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\u2421"
    return "\ufffd" if unicodedata.category(char) in _NEVER_SHOWN else char
