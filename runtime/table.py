"""Data from CSV files: one row a line, numbers only, with or without a row of column names."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .columns import Choice, choose, match
from .dataset import DataError, Dataset
from .header import Layout, is_number, layout_of, read_head
from .module import Array
from .places import Places, cells_of, column_name


def read_csv(
    path: Path,
    inputs: int,
    targets: Sequence[int],
    target: str | None = None,
    *,
    test: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Dataset, Dataset | None]:
    """A dataset from a table, and one from a second table of the same columns.

    `inputs` is the number of columns the model reads, `targets` the numbers of target columns
    it would take (1 for class ids, or as many as outputs; none without a loss). The target
    columns are the last ones unless `target` names them. The columns of `test` are found by
    their names. `tell` hears of what was decided about column names that were in doubt.
    """
    head, other = read_head(path), None if test is None else read_head(test)
    layout = layout_of(head, other, tell)
    choice = choose(layout, inputs, targets, target)
    first = _dataset(layout, choice)
    if other is None:
        return first, None
    beside = layout_of(other, head, tell)
    return first, _dataset(beside, match(beside, layout, choice, tell))


def _dataset(layout: Layout, choice: Choice) -> Dataset:
    values = _numbers(layout, choice)
    chosen = values[:, choice.targets]
    places = Places(
        layout.path,
        layout.delimiter,
        layout.header,
        {"x": choice.inputs, "target": choice.targets},
        np.arange(len(values)),
    )
    target = None if not choice.targets else chosen[:, 0] if chosen.shape[1] == 1 else chosen
    return Dataset(values[:, choice.inputs], target, layout.path.name, places=places)


def _numbers(layout: Layout, choice: Choice) -> Array:
    """All numbers of a file in float64."""
    path, delimiter = layout.path, layout.delimiter
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a file without rows, refused below
            values = np.loadtxt(
                path,
                delimiter=delimiter,
                skiprows=_lines_of_header(layout),
                ndmin=2,
                comments=None,
                encoding="utf-8-sig",
                quotechar='"',
            )
    except (ValueError, OSError):
        return _numbers_slowly(layout, choice)
    if not values.size:
        raise DataError(f"{path}: there are no rows")
    return values if values.shape[1] == layout.width else _numbers_slowly(layout, choice)


def _lines_of_header(layout: Layout) -> int:
    """How many lines to skip: blank ones, and those of the names, which may go over several."""
    if layout.header is None:
        return 0
    return next(cells_of(layout.path, layout.delimiter, False))[0]


def _numbers_slowly(layout: Layout, choice: Choice) -> Array:
    """The numbers read cell by cell, so that the first that is none can be named.

    NumPy says too little of its place, and stumbles over lines of blanks.
    """
    path, rows = layout.path, []
    try:
        for line, cells in cells_of(path, layout.delimiter, layout.header is not None):
            _check_row(layout, choice, line, cells)
            rows.append([float(cell) for cell in cells])
    except csv.Error as error:
        raise DataError(f"{path}: not a table: {error}") from None
    if not rows:
        raise DataError(f"{path}: there are no rows")
    return np.array(rows)


def _check_row(layout: Layout, choice: Choice, line: int, cells: Sequence[str]) -> None:
    place = f"{layout.path}, line {line}"
    if len(cells) != layout.width:
        found = f"{len(cells)} column{'' if len(cells) == 1 else 's'}"
        raise DataError(f"{place}: {found} where the first line has {layout.width}")
    for i, cell in enumerate(cells):
        if not is_number(cell):
            what = _not_a_number(cell.strip(), i in choice.targets)
            raise DataError(f"{place}, {column_name(i, layout.header)}: {what}")


def _not_a_number(cell: str, of_target: bool) -> str:
    if not cell:
        return "the cell is empty; every row needs a number in every column"
    shown = cell if len(cell) <= 40 else f"{cell[:40]}…"
    if re.fullmatch(r"[-+]?\d+,\d+", cell):
        return f"`{shown}` has a decimal comma; write {cell.replace(',', '.')}"
    if re.fullmatch(r"[-+]?\d+\.\d+\.\d+", cell):
        return (
            f"`{shown}` is not a number (pandas writes so where it took a row of data for column "
            "names; read the original with header=None)"
        )
    if of_target:
        return f"`{shown}` is not a number (classes are numbered 0, 1, 2, …)"
    return f"`{shown}` is not a number; words are to be coded as numbers first"
