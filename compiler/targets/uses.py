"""Recording of the helper functions and imports that a piece of generated text uses.

A template records a name where it writes it: `{{ uses("sigmoid") }}(z)`, or for a whole macro `{%
do uses("steps_of", "product") %}`. The record is kept with the text: an expression has its `uses`,
a statement those of its expression, and a section of a module those of all it writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import overload

from .text import Text

_RECORDED: ContextVar[set[str]] = ContextVar("recorded uses")


def uses(*names: str) -> str:
    """Record that the current text uses these names; return the first, to be written.

    Raises LookupError outside of a recording, which would lose the names."""
    _RECORDED.get().update(names)
    return names[0] if names else ""


@contextmanager
def recording() -> Iterator[set[str]]:
    """Record the text of this context separately from any outer recording."""
    found: set[str] = set()
    token = _RECORDED.set(found)
    try:
        yield found
    finally:
        _RECORDED.reset(token)


@dataclass(frozen=True, slots=True)
class Operands(Sequence[str]):
    """Operands as an op's macro sees them: their uses are recorded when the macro takes them."""

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
        """Return one operand, which the macro writes."""
        text = self.texts[place]
        uses(*text.uses)
        return text.within(self.bindings[place])


def atoms(texts: Sequence[Text]) -> Operands:
    """Return operands that must bind like atoms."""
    return Operands(texts, [100] * len(texts))
