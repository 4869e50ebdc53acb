"""A program's statements: what a template writes down, and in which order."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A comment line before the statements of one layer."""

    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """A comment line that says why what follows is done as it is."""

    text: str
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Assign:
    """`target = expression  # comment`; `op` is `=` or an in-place operator such as `+=`.

    `uses` are the helper functions that the expression calls. `formula` is the mathematics in the
    comment, `layer` the layer (or loss) that it is done for.
    """

    target: str
    expression: str
    comment: str = ""
    op: str = "="
    uses: frozenset[str] = frozenset()
    formula: str = ""
    layer: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """Statements that fill an array without giving a value; `uses` as an Assign's."""

    text: str
    comment: str = ""
    uses: frozenset[str] = frozenset()
    layer: str = ""


Statement = Heading | Note | Assign | Call
