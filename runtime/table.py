"""Data from CSV files: one row a line, numbers only, an optional line of column names."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .dataset import DataError, Dataset
from .module import Array


@dataclass(frozen=True, slots=True)
class Table:
    """The numbers of a file, with the names of the columns where the file gives them."""

    path: Path
    header: tuple[str, ...] | None
    values: Array


def read_csv(path: Path, inputs: int, targets: Sequence[int], target: str | None = None) -> Dataset:
    """A dataset from a table.

    `inputs` is the number of columns the model reads, `targets` the numbers of target columns
    it would take (1 for class ids, or as many as outputs; none without a loss). The target
    columns are the last ones unless `target` names them: a column's name, or its number from
    1; several with commas between.
    """
    table = read_table(path)
    count = table.values.shape[1]
    wanted = _columns(table, target) if target else _last_columns(table, inputs, targets)
    rest = [i for i in range(count) if i not in wanted]
    if len(rest) != inputs:
        raise DataError(
            f"{path}: {len(rest)} columns are left beside the target, the model reads {inputs}"
        )
    chosen = table.values[:, wanted]
    return Dataset(
        table.values[:, rest],
        None if not wanted else chosen[:, 0] if len(wanted) == 1 else chosen,
        path.name,
    )


def _last_columns(table: Table, inputs: int, targets: Sequence[int]) -> list[int]:
    count = table.values.shape[1]
    if count - inputs not in (targets or (0,)):
        ways = " or ".join(str(n) for n in sorted(set(targets)))
        raise DataError(
            f"{table.path}: {count} columns, but the model reads {inputs} inputs"
            + (f" and {ways} target column(s)" if targets else " and no target")
        )
    return list(range(inputs, count))


def _columns(table: Table, target: str) -> list[int]:
    return [_column(table, name.strip()) for name in target.split(",")]


def _column(table: Table, name: str) -> int:
    count = table.values.shape[1]
    if table.header and name in table.header:
        return table.header.index(name)
    if name.isdecimal() and 1 <= int(name) <= count:
        return int(name) - 1
    known = f"the columns are {', '.join(table.header)}" if table.header else f"{count} columns"
    raise DataError(f"{table.path}: no column `{name}`; {known}")


def read_table(path: Path) -> Table:
    """All numbers of a file in float64.

    The first line is taken as column names if no cell of it is a number. Cells are parted by
    the one of comma, semicolon and tab that the first line has most of.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file in UTF-8") from None
    delimiter = max(",;\t", key=first.count)
    cells = next(csv.reader([first], delimiter=delimiter), [])
    header = None if any(map(_is_number, cells)) else tuple(cell.strip() for cell in cells)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file without rows, refused below
            values = np.loadtxt(
                path,
                delimiter=delimiter,
                skiprows=1 if header else 0,
                ndmin=2,
                comments=None,
                encoding="utf-8-sig",
                quotechar='"',
            )
    except ValueError:
        raise _first_fault(path, delimiter, header) from None
    if not values.size:
        raise DataError(f"{path}: there are no rows")
    return Table(path, header, values)


def _first_fault(path: Path, delimiter: str, header: tuple[str, ...] | None) -> DataError:
    """What is wrong, found by reading once more, slowly; NumPy says too little of the place."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        width = len(header) if header else None
        for cells in reader:
            if not cells or (header and reader.line_num == 1):
                continue
            place = f"{path}, line {reader.line_num}"
            width = width or len(cells)
            if len(cells) != width:
                return DataError(f"{place}: {len(cells)} columns where the first line has {width}")
            for i, cell in enumerate(cells, 1):
                if not _is_number(cell):
                    what = "the cell is empty"
                    if cell.strip():
                        what = f"`{cell}` is not a number (classes are numbered 0, 1, 2, …)"
                    return DataError(f"{place}, column {i}: {what}")
    return DataError(f"{path}: not a table of numbers")


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
