"""Positions of numbers in a table, so that messages can name line, column and column name."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from .module import Array


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """The origin of a data set's numbers.

    `header` is None where the file has no column names; otherwise the first row that is not blank
    holds them. `delimiter` is empty where the file is not text. `columns` are the columns of every
    array's entries, from 0: one for each entry of a row, or one for all; `rows` are the indices of
    the data set's rows in the file, from 0 below the header."""

    path: Path
    delimiter: str
    header: tuple[str, ...] | None
    columns: Mapping[str, tuple[int, ...]]
    rows: Array

    def take(self, rows: slice | Array) -> Places:
        """Return the positions of the chosen rows."""
        return replace(self, rows=self.rows[rows])

    def cell(self, what: str, row: int, entry: int) -> tuple[str, str]:
        """Return position and text of an array's entry: `d.csv, line 6, column 2 (`age`)`."""
        column = self.column(what, entry)
        if not self.delimiter:
            place = f"{self.path}, row {int(self.rows[row]) + 1}"
            return f"{place}, {column_name(column, self.header)}", ""
        found = enumerate(cells_of(self.path, self.delimiter, self.header is not None))
        wanted = int(self.rows[row])
        line, cells = next((place for i, place in found if i == wanted), (0, []))
        text = cells[column].strip() if column < len(cells) else ""
        return f"{self.path}, line {line}, {column_name(column, self.header)}", text

    def column(self, what: str, entry: int) -> int:
        """Return the column of an entry."""
        columns = self.columns[what]
        return columns[entry if len(columns) > 1 else 0]


def column_name(column: int, header: tuple[str, ...] | None) -> str:
    """Return a column's number, from 1, and its name where there is one."""
    name = header[column] if header and column < len(header) else ""
    return f"column {column + 1}" + (f" (`{name}`)" if name else "")


def cells_of(path: Path, delimiter: str, header: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield every row below the header that is not blank, with the number of its last line.

    Raises csv.Error where the text is not a table."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        rows = ((reader.line_num, cells) for cells in reader if not _is_blank(cells))
        if header:
            next(rows, None)
        yield from rows


def _is_blank(cells: list[str]) -> bool:
    return not cells or (len(cells) == 1 and not cells[0].strip())
