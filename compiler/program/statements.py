"""A program's statements, in the order in which a template writes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A comment line before the statements of one layer."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A comment line with the reason for the following statements."""

    text: str
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = expression  # comment`; `op` is `=` or an in-place operator such as `+=`.

    `uses` are the helper functions that the expression calls. `formula` is the mathematics in the
    comment, `layer` the layer (or loss) to which the statement belongs."""

    target: str
    expression: str
    comment: str = ""
    op: str = "="
    uses: frozenset[str] = frozenset()
    formula: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Statements that fill an array without returning a value; `uses` as in Assign."""

    text: str
    comment: str = ""
    uses: frozenset[str] = frozenset()
    layer: str = ""


Statement = Heading | Note | Assign | Call
