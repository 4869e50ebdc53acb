"""Lines and columns as editors count them: lines from 0, columns in UTF-8, UTF-16 or UTF-32 units.

>>> lines = Lines("a\\r\\n𝛼 b", Unit.UTF16)
>>> lines.place(5), lines.offset(1, 3)
((1, 3), 5)
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

_END = re.compile(r"\r\n|\r|\n")


class Unit(Enum):
    """What one column is: a byte of UTF-8, half of a UTF-16 pair, or a character."""

    UTF8 = "utf-8"
    UTF16 = "utf-16"
    UTF32 = "utf-32"


@dataclass(frozen=True)
class Lines:
    """The lines of a text; every `\\r\\n`, `\\n` and `\\r` ends one, as in the protocol of editors."""

    text: str
    unit: Unit = Unit.UTF16

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Offset of the first character of every line."""
        return (0, *(found.end() for found in _END.finditer(self.text)))

    @cached_property
    def _plain(self) -> bool:
        return self.text.isascii()

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset; one outside the text is moved into it.

        In the middle of `\\r\\n` it is the end of the line."""
        offset = max(0, min(offset, len(self.text)))
        offset -= self.text[offset - 1 : offset + 1] == "\r\n"
        line = bisect_right(self.starts, offset) - 1
        return line, self._units(self.text[self.starts[line] : offset])

    def offset(self, line: int, column: int) -> int:
        """Offset of a place; beyond the end of a line its end, beyond the last line the text's."""
        if line >= len(self.starts):
            return len(self.text)
        if line < 0:
            return 0
        start, stop = self.starts[line], self.end(line)
        if self._plain or self.unit is Unit.UTF32:
            return max(start, min(start + column, stop))
        return start + self._characters(self.text[start:stop], column)

    def units(self, offset: int) -> int:
        """Units before an offset, from the beginning of the text."""
        return self._units(self.text[:offset])

    def of_units(self, units: int) -> int:
        """Offset of the character behind so many units of the text; half a character does not count."""
        return min(units, len(self.text)) if self._plain else self._characters(self.text, units)

    def end(self, line: int) -> int:
        """Offset of the end of a line, before what ends it."""
        stop = self.starts[line + 1] if line + 1 < len(self.starts) else len(self.text)
        return len(self.text[self.starts[line] : stop].rstrip("\r\n")) + self.starts[line]

    def _units(self, text: str) -> int:
        if self._plain or self.unit is Unit.UTF32 or text.isascii():
            return len(text)
        if self.unit is Unit.UTF8:
            return len(text.encode("utf-8", "surrogatepass"))
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    def _characters(self, text: str, column: int) -> int:
        """Return how many characters fit into so many columns; half a character does not."""
        used = 0
        for count, char in enumerate(text):
            used += self._units(char) if char > "\x7f" else 1
            if used > column:
                return count
        return len(text)
