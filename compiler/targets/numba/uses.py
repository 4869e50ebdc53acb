"""Recording of the names that a kernel part's text uses: variables, sizes, casts.

Helper functions are recorded as for the NumPy templates; see compiler/targets/uses.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from ...ir.dims import Shape, Sym, symbols
from ..text import dim_text, sizes, tuple_text
from ..uses import Operands

RECORDER = "recorder"
"""The recorder's name in the contexts of templates."""


@dataclass(slots=True)
class Uses:
    """The variables and size symbols in use, and whether numbers are cast to the model's dtype."""

    names: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)
    casts: bool = False

    def add(self, other: Uses) -> None:
        """Add the names that another text uses."""
        self.names |= other.names
        self.sizes |= other.sizes
        self.casts |= other.casts


@dataclass(slots=True)
class Recorder:
    """Records the names that the current text uses."""

    uses: Uses = field(default_factory=Uses)

    def name(self, name: str) -> str:
        """Record a variable."""
        self.uses.names.add(name)
        return name

    def real(self) -> str:
        """Record and return the function that casts a number to the model's dtype."""
        self.uses.casts = True
        return "real"

    def sizes(self, values: Iterable[object]) -> None:
        """Record sizes; other objects and numbers are ignored."""
        for value in values:
            if isinstance(value, Sym):
                self.uses.sizes |= symbols(value)

    @contextmanager
    def apart(self) -> Iterator[Uses]:
        """Record the text of this context separately, since it may be omitted."""
        whole, self.uses = self.uses, Uses()
        try:
            yield self.uses
        finally:
            self.uses = whole


@dataclass(frozen=True, slots=True)
class KernelOperands(Operands):
    """Operands whose `mentions` are recorded when the macro takes them."""

    recorder: Recorder
    mentions: Sequence[Uses]

    def take(self, place: int) -> str:
        """Return one operand, which the macro writes."""
        self.recorder.uses.add(self.mentions[place])
        return Operands.take(self, place)


def recorded(context: Context, values: Iterable[object]) -> None:
    """Record the sizes that a template with a recorder writes."""
    recorder = context.get(RECORDER)
    if isinstance(recorder, Recorder):
        recorder.sizes(values)


@pass_context
def written(context: Context, value: object) -> object:
    """Return the value that `{{ … }}` writes."""
    if isinstance(value, Sym):
        recorded(context, [value])
    return value


@pass_context
def _dim(context: Context, value: Any) -> str:
    recorded(context, [value])
    return dim_text(value)


@pass_context
def _tuple(context: Context, values: Iterable[object]) -> str:
    items = list(values)
    recorded(context, items)
    return tuple_text(items)


@pass_context
def _sizes(context: Context, shape: Shape) -> str:
    """Return the sizes of a reshape, without the single symbolic one."""
    symbolic = [n for n in shape if isinstance(n, Sym)]
    recorded(context, symbolic if len(symbolic) > 1 else ())
    return sizes(shape)


@pass_context
def _join(context: Context, values: Iterable[object], between: str = "") -> str:
    items = list(values)
    recorded(context, items)
    return between.join(map(str, items))


FILTERS: dict[str, Callable[..., str]] = {
    "dim": _dim,
    "tuple": _tuple,
    "sizes": _sizes,
    "join": _join,
}
"""The filters that write sizes."""
