"""What the text of a kernel's part mentions, recorded as it is written: variables, sizes, casts.

Helper functions are recorded as NumPy's templates do; see compiler/targets/uses.py.
"""

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
"""What templates' contexts call the recorder."""


@dataclass(slots=True)
class Uses:
    """The variables, the symbols of sizes, and whether numbers are cast to the model's dtype."""

    names: set[str] = field(default_factory=set)
    sizes: set[str] = field(default_factory=set)
    casts: bool = False

    def add(self, other: Uses) -> None:
        """All that another text mentions."""
        self.names |= other.names
        self.sizes |= other.sizes
        self.casts |= other.casts


@dataclass(slots=True)
class Recorder:
    """Writes down what the text that is being composed mentions."""

    uses: Uses = field(default_factory=Uses)

    def name(self, name: str) -> str:
        """A variable."""
        self.uses.names.add(name)
        return name

    def real(self) -> str:
        """The function that casts a number to the model's dtype."""
        self.uses.casts = True
        return "real"

    def sizes(self, values: Iterable[object]) -> None:
        """Sizes; what is no size, or a number, mentions nothing."""
        for value in values:
            if isinstance(value, Sym):
                self.uses.sizes |= symbols(value)

    @contextmanager
    def apart(self) -> Iterator[Uses]:
        """Record what is composed meanwhile by itself: it may be left out of the text."""
        whole, self.uses = self.uses, Uses()
        try:
            yield self.uses
        finally:
            self.uses = whole


@dataclass(frozen=True, slots=True)
class KernelOperands(Operands):
    """Operands of which `mentions` count, too, when the macro takes them."""

    recorder: Recorder
    mentions: Sequence[Uses]

    def take(self, place: int) -> str:
        """One operand, which the macro writes down."""
        self.recorder.uses.add(self.mentions[place])
        return Operands.take(self, place)


def recorded(context: Context, values: Iterable[object]) -> None:
    """Sizes that a template with a recorder writes down."""
    recorder = context.get(RECORDER)
    if isinstance(recorder, Recorder):
        recorder.sizes(values)


@pass_context
def written(context: Context, value: object) -> object:
    """What `{{ … }}` is to write."""
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
    """The sizes of reshape, of which a single symbolic one is left out."""
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
