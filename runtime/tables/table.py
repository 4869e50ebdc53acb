"""Opening of tables: text delimited by comma, semicolon or tab, Parquet, JSON lines."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ..dataset import DataError
from ..extras import installed
from ..module import Array
from ..places import cells_of, column_name
from .cells import check_width, is_gap, is_number, not_a_number
from .frame import NumberTable, Table
from .header import Layout, layout_of, read_head
from .polars_table import TYPED, read_text, read_typed

TEXT = (".csv", ".tsv", ".txt")
"""Suffixes of files that are read as text tables."""

SUFFIXES = (*TEXT, *TYPED)

EXTRA = "; `pip install 'nnc[tables]'` reads words"


def is_table(where: str | Path) -> bool:
    """Return whether a file is a table, by its name."""
    path = Path(where)
    return path.suffix.lower() in SUFFIXES and path.is_file()


def open_table(
    path: Path,
    beside: Path | None = None,
    names: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> Table:
    """Open the table of a file; `beside` is another file with the same columns.

    A first row that has all of `names` holds the column names. `tell` receives a sentence for each
    doubtful decision about column names. Raises DataError."""
    if not path.is_file():
        raise DataError(f"{path}: there is no such file")
    if path.suffix.lower() in TYPED:
        return read_typed(path)
    head = read_head(path)
    if names and set(names) <= set(head.first):
        return _text(Layout(path, head.delimiter, head.first, len(head.first)))
    other = None
    if beside is not None and beside.suffix.lower() in TEXT:
        other = read_head(beside)
    return _text(layout_of(head, other, tell))


def _text(layout: Layout) -> Table:
    if installed("polars"):
        return read_text(layout, _lines_of_header(layout))
    return NumberTable(layout, _numbers(layout))


def _numbers(layout: Layout) -> Array:
    """Read all numbers of a file in float64."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # no rows, refused below
            values = np.loadtxt(
                layout.path,
                delimiter=layout.delimiter,
                skiprows=_lines_of_header(layout),
                ndmin=2,
                comments=None,
                encoding="utf-8-sig",
                quotechar='"',
            )
    except (ValueError, OSError):
        return _numbers_slowly(layout)
    if values.size and values.shape[1] != layout.width:
        return _numbers_slowly(layout)
    return values


def _lines_of_header(layout: Layout) -> int:
    """Return how many lines to skip: blank ones, and the names, which may span several lines."""
    if layout.header is None:
        return 0
    return next(cells_of(layout.path, layout.delimiter, False))[0]


def _numbers_slowly(layout: Layout) -> Array:
    """Read numbers cell by cell, so that the first cell that is not a number can be named.

    NumPy's errors lack its position, and NumPy fails on lines of blanks and empty cells."""
    path, rows = layout.path, []
    try:
        for line, cells in cells_of(path, layout.delimiter, layout.header is not None):
            check_width(f"{path}, line {line}", len(cells), layout.width)
            place = f"{path}, line {line}"
            rows.append([_number(cell, place, i, layout) for i, cell in enumerate(cells)])
    except csv.Error as error:
        raise DataError(f"{path}: not a table: {error}") from None
    return np.array(rows).reshape(-1, layout.width)


def _number(cell: str, place: str, column: int, layout: Layout) -> float:
    if is_number(cell):
        return float(cell)
    if is_gap(cell):
        return np.nan
    what = not_a_number(cell.strip(), False, EXTRA)
    raise DataError(f"{place}, {column_name(column, layout.header)}: {what}")
