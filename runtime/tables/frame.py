"""The table as it was read: columns of numbers, words or lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from ..dataset import DataError
from ..module import Array
from ..places import Places
from .header import Layout


class Kind(StrEnum):
    """The type of a column's cells."""

    NUMBER = "number"
    WORDS = "words"
    LISTS = "lists"


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The cells of a column.

    `values` are numbers with NaN in gaps or, for words, indices into `words` with −1 in gaps. For
    lists they are the concatenated entries of all rows, and `lengths` gives the number of entries
    of each row, with −1 in gaps."""

    kind: Kind
    values: Array
    words: tuple[str, ...] = ()
    lengths: Array | None = None

    @property
    def gaps(self) -> Array:
        """A mask of the rows without a value."""
        if self.lengths is not None:
            return self.lengths < 0
        return self.values < 0 if self.kind is Kind.WORDS else np.isnan(self.values)


class Table(Protocol):
    """The rows and columns of a file."""

    @property
    def layout(self) -> Layout:
        """The path and layout of the file, with its column names."""

    @property
    def height(self) -> int:
        """The number of rows."""

    def column(self, place: int, kind: Kind | None = None, of_target: bool = False) -> Column:
        """Return a column, counted from 0; its kind is detected unless it is given.

        Raises DataError at the first cell that is not of that kind."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberTable:
    """A table of numbers only."""

    layout: Layout
    values: Array

    @property
    def height(self) -> int:
        """The number of rows."""
        return len(self.values)

    def column(self, place: int, kind: Kind | None = None, of_target: bool = False) -> Column:
        """Return a column; all columns are numbers."""
        if kind not in (None, Kind.NUMBER):
            raise DataError(f"{self.layout.column(place)}: numbers, where {kind} are expected")
        return Column(Kind.NUMBER, self.values[:, place])


def place_of(table: Table, row: int, column: int) -> tuple[str, str]:
    """Return the position of a cell, and its text: `d.csv, line 6, column 2 (`age`)`."""
    places = places_of(table, {"cell": (column,)}, np.arange(table.height))
    return places.cell("cell", row, 0)


def places_of(table: Table, columns: dict[str, Sequence[int]], rows: Array) -> Places:
    """Return the table positions of a data set that is made of these columns and rows."""
    layout = table.layout
    chosen = {what: tuple(places) for what, places in columns.items()}
    return Places(layout.path, layout.delimiter, layout.header, chosen, rows)
