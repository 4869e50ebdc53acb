"""Where the characters of a source line stand on a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

TAB = "    "
LONG = 140
CONTEXT = 40
ELLIPSIS = "..."
_NEVER_SHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@dataclass(frozen=True, slots=True)
class DisplayLine:
    """A source line as shown, and the column (from 0) of each character and of the line's end."""

    text: str
    columns: tuple[int, ...]


def display_line(text: str, marked: Iterable[int]) -> DisplayLine:
    """Lay a line out: tabs become spaces, wide characters count twice, controls are pictured.

    In a line too long to be shown, only the surroundings of the `marked` offsets remain.
    """
    kept = _kept(len(text), marked)
    shown: list[str] = []
    columns: list[int] = []
    at = 0
    for offset, char in enumerate(text):
        columns.append(at)
        if offset in kept:
            piece = visible(char) if char != "\t" else TAB
        elif offset == 0 or offset - 1 in kept:
            piece = ELLIPSIS
        else:
            columns[-1] = at - len(ELLIPSIS)
            continue
        shown.append(piece)
        at += text_width(piece)
    return DisplayLine("".join(shown), (*columns, at))


def text_width(text: str) -> int:
    """Number of terminal cells a text takes."""
    return len(text) if text.isascii() else sum(map(_char_width, text))


def visible(text: str) -> str:
    """The text with every character that could steer a terminal replaced by a picture of it."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_picture, text))


def _kept(length: int, marked: Iterable[int]) -> range | set[int]:
    if length <= LONG:
        return range(length)
    return {
        offset
        for mark in marked
        for offset in range(max(0, mark - CONTEXT), min(length, mark + CONTEXT))
    }


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
