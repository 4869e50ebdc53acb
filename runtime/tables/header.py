"""Detection of a CSV file's delimiter, and of whether its first row holds column names.

A row holds column names if it has words in it and no number. Otherwise it does only where it is
unlikely to be data:

* words and numbers, where the numbers count 0, 1, 2, … or 1, 2, 3, …, or are the numbers of their
  columns, and every word stands above a number (`0,1,2,label`);
* numbers alone, where they count 0 to n−1 or 1 to n (`1,2,3`), the next row does not continue the
  count, and the row is long (5 columns or more) or the next row has decimal points, which the first
  has not;
* distinct whole numbers that two files share as their first row, while their next rows differ.

Column names that are numbers are reported to `tell`, since they may be data after all."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

from ..dataset import DataError
from ..places import cells_of, column_name
from .cells import is_number

LONG = 5
"""The shortest count from 0 or 1 that is not taken for a coincidence."""

MISSING = frozenset({"na", "n/a", "null", "none"})
"""Words for a missing number, which are not column names."""

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """The first two rows of a file that are not blank, and the delimiter."""

    path: Path
    delimiter: str
    first: Row
    second: Row


@dataclass(frozen=True, slots=True)
class Layout:
    """The layout of a file: its delimiter, its column names if any, and its width.

    The delimiter is empty for files that are not text."""

    path: Path
    delimiter: str
    header: Row | None
    width: int

    def column(self, place: int) -> str:
        """Return the name of a column for messages."""
        return f"{self.path}, {column_name(place, self.header)}"


def read_head(path: Path) -> Head:
    """Read the first rows of a file; raises DataError where it cannot be read as text."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = next((line for line in file if line.strip()), "")
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: not a text file in UTF-8") from None
    delimiter = _delimiter(line)
    try:
        rows = [cells for _, cells in islice(cells_of(path, delimiter, False), 2)]
    except csv.Error as error:
        raise DataError(f"{path}: not a table: {error}") from None
    if not rows:
        raise DataError(f"{path}: there are no rows")
    first, second = (tuple(c.strip() for c in cells) for cells in [*rows, []][:2])
    return Head(path, delimiter, first, second)


def layout_of(head: Head, beside: Head | None, tell: Callable[[str], None]) -> Layout:
    """Return the layout of a file; `beside` is the head of another file with the same columns.

    Raises DataError where two columns have the same name."""
    numeric = all(map(is_number, head.first))
    named = _has_names(head) or (beside is not None and _share_names(head, beside))
    if named and numeric:
        listing = ", ".join(head.first[:3]) + (", …" if len(head.first) > 3 else "")
        tell(f"{head.path}: the first row ({listing}) is taken for column names, not for data")
    header = head.first if named else None
    if header:
        _refuse_doubles(head.path, header)
    return Layout(head.path, head.delimiter, header, len(head.first))


def _delimiter(line: str) -> str:
    """Detect comma, semicolon or tab; fewer commas than other delimiters may be decimal commas."""
    semicolons, commas = line.count(";"), line.count(",")
    if semicolons and commas <= semicolons + 1:
        return max(";\t", key=line.count)
    return max(",;\t", key=line.count)


def _has_names(head: Head) -> bool:
    numbers = [cell for cell in head.first if is_number(cell)]
    words = [cell for cell in head.first if cell and not is_number(cell)]
    if not numbers:
        return any(any(map(str.isalpha, cell)) for cell in words)
    if any(word.lower() in MISSING or not any(map(str.isalpha, word)) for word in words):
        return False
    if len(numbers) == len(head.first):
        return _counts(numbers) and not _goes_on(head) and _stands_out(head)
    above = list(zip(head.first, head.second, strict=False))
    words_above_numbers = all(is_number(below) for cell, below in above if not is_number(cell))
    places = [i for i, cell in enumerate(head.first) if is_number(cell)]
    counting = _counts(numbers) or numbers in ([str(i + s) for i in places] for s in (0, 1))
    return counting and words_above_numbers and len(head.first) == len(head.second)


def _counts(cells: Sequence[str]) -> bool:
    """Return whether cells count 0, 1, 2, … or 1, 2, 3, …; two or more if all are numbers."""
    return any(list(cells) == [str(i + start) for i in range(len(cells))] for start in (0, 1))


def _goes_on(head: Head) -> bool:
    """Return whether the next row also counts in ones, as windows of a series do."""
    if not all(map(is_number, head.second)):
        return False
    values = [float(cell) for cell in head.second]
    return all(b - a == 1 for a, b in pairwise(values))


def _stands_out(head: Head) -> bool:
    fractions = any("." in cell for cell in head.second)
    return len(head.first) >= LONG or (len(head.first) > 2 and fractions)


def _share_names(head: Head, beside: Head) -> bool:
    whole = all(re.fullmatch(r"\d+", cell) for cell in head.first)
    distinct = 1 < len(head.first) == len(set(head.first))
    return whole and distinct and head.first == beside.first and head.second != beside.second


def _refuse_doubles(path: Path, header: Row) -> None:
    double = next((name for name, n in Counter(header).items() if n > 1), None)
    if double is None:
        return
    places = [i for i, name in enumerate(header) if name == double]
    listing = " and ".join(column_name(i, None) for i in places[:2])
    what = f"are both called `{double}`" if double else "both have no name"
    raise DataError(f"{path}: {listing} {what}; columns need names of their own")
