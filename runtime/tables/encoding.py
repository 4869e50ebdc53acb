"""The encoding fitted to a training table, which is kept so that new tables are read alike."""

from __future__ import annotations

from dataclasses import dataclass

from .frame import Kind
from .missing import Missing


@dataclass(frozen=True, slots=True)
class Field:
    """A column as the model uses it.

    `name` is empty in tables without column names, where `place`, counted from 0, identifies the
    column. `words` are the categories or classes in the order of their ids; `fill` replaces missing
    values: the mean of numbers, the most frequent word."""

    name: str
    place: int
    kind: Kind
    words: tuple[str, ...] = ()
    fill: float | str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """The columns of one input or target, in order; `ids` says whether it takes whole numbers."""

    name: str
    fields: tuple[Field, ...]
    ids: bool = False


@dataclass(frozen=True)
class Encoding:
    """How a table becomes a data set: its columns, their words, and the values that fill gaps.

    `table` is the name of the training table, `header` whether it had column names, `width` its
    number of columns."""

    table: str
    header: bool
    width: int
    inputs: tuple[Part, ...]
    targets: tuple[Part, ...] = ()
    weights: Field | None = None
    missing: Missing = Missing.ERROR

    @property
    def classes(self) -> tuple[str, ...]:
        """The class names of the target; empty for numbers, or for several targets."""
        fields = [field for part in self.targets for field in part.fields]
        one = len(fields) == 1 and fields[0].kind is Kind.WORDS
        return fields[0].words if one else ()
