"""Interpretation of table cells: a number, a word, or a missing value."""

from __future__ import annotations

import re

from ..dataset import DataError

GAPS = frozenset({"", "na", "n/a", "nan", "null", "none", "<na>", "?"})
"""Lower-case texts of cells whose value is missing."""

_NUMBERISH = re.compile(r"[-+]?[\d.,_]*\d[\d.,_]*([eE][-+]?\d+)?")


def is_gap(text: str) -> bool:
    """Return whether a cell stands for a missing value."""
    return text.strip().lower() in GAPS


def is_number(cell: str) -> bool:
    """Return whether a cell is read as a number; Python's `1_000` is not."""
    if "_" in cell or not cell.isascii():
        return False
    try:
        float(cell)
    except ValueError:
        return False
    return True


def is_numberish(text: str) -> bool:
    """Return whether a cell is a number or meant as one, such as `1,5`, and not a category."""
    return is_number(text) or _NUMBERISH.fullmatch(text.strip()) is not None


def not_a_number(cell: str, of_target: bool, advice: str = "") -> str:
    """Return why a cell in a column of numbers is refused."""
    shown = shortened(cell)
    if re.fullmatch(r"[-+]?\d+,\d+", cell):
        return f"`{shown}` has a decimal comma; write {cell.replace(',', '.')}"
    if re.fullmatch(r"[-+]?\d+\.\d+\.\d+", cell):
        return (
            f"`{shown}` is not a number (pandas writes so where it took a row of data for column "
            "names; read the original with header=None)"
        )
    if of_target:
        return f"`{shown}` is not a number (classes are numbered 0, 1, 2, …){advice}"
    return f"`{shown}` is not a number; words are to be coded as numbers first{advice}"


def a_gap(cell: str, of_target: bool) -> str:
    """Return why a cell with a missing value is refused."""
    if not cell:
        what = "the cell is empty; every row needs a number in every column"
    elif cell.lower() == "nan":
        what = f"{cell} is not a finite number"
    else:
        what = f"`{shortened(cell)}` is not a number"
    ways = "`--missing drop` leaves such rows out"
    return f"{what}; {ways}" + ("" if of_target else ", `--missing mean` fills such cells")


def shortened(cell: str) -> str:
    """Return a cell, shortened for messages."""
    shown = cell if len(cell) <= 40 else f"{cell[:40]}…"
    return shown.encode("unicode_escape").decode() if not shown.isprintable() else shown


def check_width(place: str, found: int, wanted: int) -> None:
    """Refuse a row whose number of cells differs from that of the first row."""
    if found != wanted:
        columns = f"{found} column{'' if found == 1 else 's'}"
        raise DataError(f"{place}: {columns} where the first line has {wanted}")
