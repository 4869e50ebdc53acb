"""Fragments of source text: operands with their binding, sizes, numbers and tuples as source."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ..ir.dims import Dim, Shape, symbols
from ..ir.op_graph import Node


@dataclass(frozen=True, slots=True)
class Text:
    """A fragment of source and the binding of its outermost operator (100: an atom).

    `uses` are the helper functions that it calls."""

    code: str
    binding: int = 100
    uses: frozenset[str] = frozenset()

    def within(self, binding: int) -> str:
        """Return the text as an operand of an operator with that binding."""
        return self.code if self.binding >= binding else f"({self.code})"


@dataclass(frozen=True, slots=True)
class OpView:
    """The view of an op for its macro: operands as text, attributes, shapes."""

    op: str
    x: Sequence[str]
    attrs: dict[str, Any]
    shape: Shape
    shapes: tuple[Shape, ...]
    rank: int


def op_view(node: Node, operands: Sequence[str], shapes: Sequence[Shape]) -> OpView:
    """Return the view of an op for its macro."""
    attrs = dict(node.attrs)
    return OpView(node.op, operands, attrs, node.type.shape, tuple(shapes), node.type.rank)


def number(value: float) -> str:
    """Format a number as people write it: integers without a point."""
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return repr(float(value))


def dim_text(dim: Dim) -> str:
    """Return a dimension as a Python expression that binds like an atom."""
    text = str(dim)
    return text if text.isalnum() else f"({text})"


def attr_text(value: object) -> str:
    """Return an op's attribute as a function's argument."""
    if isinstance(value, tuple):
        return tuple_text(attr_text(item) for item in value)
    if isinstance(value, bool | str) or value is None:
        return repr(value)
    return number(value) if isinstance(value, float) else str(value)


def sizes(shape: Shape) -> str:
    """Return a shape as arguments of reshape, with -1 for a single symbolic size."""
    symbolic = [i for i, n in enumerate(shape) if not isinstance(n, int)]
    if len(symbolic) == 1 and symbols(shape[symbolic[0]]):
        return ", ".join("-1" if i == symbolic[0] else str(n) for i, n in enumerate(shape))
    return ", ".join(str(n) for n in shape)


def tuple_text(items: Iterable[object]) -> str:
    """Return fragments of source as a tuple: `(784,)`, `(B, 10)`, `()`."""
    pieces = [str(item) for item in items]
    return f"({pieces[0]},)" if len(pieces) == 1 else f"({', '.join(pieces)})"


def dict_text(pairs: Iterable[tuple[str, object]]) -> str:
    """Return names and fragments of source as a dict: `{"a": x, "b": y}`."""
    return "{" + ", ".join(f"{name!r}: {text}" for name, text in pairs) + "}"


def kind(statement: object) -> str:
    """Return the class of a statement, by which templates choose its form."""
    return type(statement).__name__


def docline(text: str) -> str:
    """Return a line of the spec for a docstring: printable, without the end of the string."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("\\", "\\\\").replace('"', "'").rstrip()


def doctext(text: str) -> str:
    """Return text of a docstring, of a function at the top, in lines of at most 100 columns."""
    quotes = 3
    lead = 4 + quotes
    return textwrap.fill(
        text,
        width=100 - quotes,
        initial_indent=" " * lead,
        subsequent_indent=" " * 4,
        break_long_words=False,
        break_on_hyphens=False,
    )[lead:]
