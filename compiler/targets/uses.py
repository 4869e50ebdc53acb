"""Which helper functions and imports a piece of generated text uses, recorded as it is written.

A template says so where it writes a name: `{{ uses("sigmoid") }}(z)`, or for a whole macro
`{% do uses("steps_of", "product") %}`. What is recorded goes with the text: an expression has its
`uses`, a statement those of its expression, and a section of a module those of what it writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import overload

from .text import Text

_RECORDED: ContextVar[set[str]] = ContextVar("recorded uses")


def uses(*names: str) -> str:
    """Say that the text being written uses these; gives the first, to be written down.

    Raises LookupError where nobody records: what uses the text would not know of them.
    """
    _RECORDED.get().update(names)
    return names[0] if names else ""


@contextmanager
def recording() -> Iterator[set[str]]:
    """Record what is written meanwhile, apart from what is recorded around it."""
    found: set[str] = set()
    token = _RECORDED.set(found)
    try:
        yield found
    finally:
        _RECORDED.reset(token)


@dataclass(frozen=True, slots=True)
class Operands(Sequence[str]):
    """Operands as an op's macro sees them: what one uses counts when the macro takes it."""

    texts: Sequence[Text]
    bindings: Sequence[int]

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> list[str]: ...

    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[k] for k in range(len(self))[place]]
        return self.take(place)

    def __len__(self) -> int:
        return len(self.texts)

    def take(self, place: int) -> str:
        """One operand, which the macro writes down."""
        text = self.texts[place]
        uses(*text.uses)
        return text.within(self.bindings[place])


def atoms(texts: Sequence[Text]) -> Operands:
    """Operands that must bind like atoms."""
    return Operands(texts, [100] * len(texts))
