"""A table that was read: its columns as numbers, as words, or as lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from .dataset import DataError
from .header import Layout
from .module import Array
from .places import Places


class Kind(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    WORDS = "words"
    LISTS = "lists"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The cells of a column.

    `values` are numbers with NaN in gaps, or of words their places in `words` with −1 in gaps.
    Of lists they are the entries of all rows one after the other, and `lengths` says how many
    each row has, with −1 in gaps.
    """

    kind: Kind
    values: Array
    words: tuple[str, ...] = ()
    lengths: Array | None = None

    @property
    def gaps(self) -> Array:
        """The rows without a value."""
        if self.lengths is not None:
            return self.lengths < 0
        return self.values < 0 if self.kind is Kind.WORDS else np.isnan(self.values)


class Table(Protocol):
    """Rows and columns of a file."""

    @property
    def layout(self) -> Layout:
        """Where the table is, and how its columns are called."""

    @property
    def height(self) -> int:
        """The number of rows."""

    def column(self, place: int, kind: Kind | None = None, of_target: bool = False) -> Column:
        """A column, from 0; of the kind that its cells look like unless one is given.

        Raises DataError at the first cell that is of no such kind.
        """


@dataclass(frozen=True, slots=True, eq=False)
class NumberTable:
    """A table that holds numbers only."""

    layout: Layout
    values: Array

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.values)

    def column(self, place: int, kind: Kind | None = None, of_target: bool = False) -> Column:
        """A column of numbers; there are no others."""
        if kind not in (None, Kind.NUMBER):
            raise DataError(f"{self.layout.column(place)}: numbers, where {kind} are expected")
        return Column(Kind.NUMBER, self.values[:, place])


def place_of(table: Table, row: int, column: int) -> tuple[str, str]:
    """Where a cell stands, and its text: `d.csv, line 6, column 2 (`age`)`."""
    places = places_of(table, {"cell": (column,)}, np.arange(table.height))
    return places.cell("cell", row, 0)


def places_of(table: Table, columns: dict[str, Sequence[int]], rows: Array) -> Places:
    """Where the entries of a dataset stand that is made of these columns and rows."""
    layout = table.layout
    chosen = {what: tuple(places) for what, places in columns.items()}
    return Places(layout.path, layout.delimiter, layout.header, chosen, rows)
