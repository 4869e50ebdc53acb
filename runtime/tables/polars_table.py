"""Tables read through polars: text with words in it, Parquet, and JSON lines."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from ..dataset import DataError
from ..extras import require
from ..module import Array
from ..places import cells_of
from .cells import GAPS, check_width, is_number, is_numberish, not_a_number
from .frame import Column, Kind, place_of
from .header import Layout

TYPED: dict[str, str] = {
    ".parquet": "Parquet",
    ".pq": "Parquet",
    ".jsonl": "JSON lines",
    ".ndjson": "JSON lines",
}
"""Suffixes of files whose columns have types, and the names of their formats."""


def _polars(what: str) -> Any:
    return require("polars", "tables", what)


# --- reading -------------------------------------------------------------------------------


def read_text(layout: Layout, skip: int) -> FrameTable:
    """Read a table of text below its first `skip` lines, which are blank or hold the names."""
    pl = _polars("tables with words are read by polars")
    names = [f"column_{i + 1}" for i in range(layout.width)]
    try:
        frame = pl.read_csv(
            layout.path,
            separator=layout.delimiter,
            has_header=False,
            skip_lines=skip,
            schema=dict.fromkeys(names, pl.String),
            glob=False,
        )
    except (pl.exceptions.PolarsError, OSError):
        return FrameTable(layout, _read_slowly(pl, layout, names))
    if frame.height and frame[names[-1]].null_count():
        # An empty last cell, a short row and a blank line look the same in polars.
        return FrameTable(layout, _read_slowly(pl, layout, names))
    return FrameTable(layout, frame)


def _read_slowly(pl: Any, layout: Layout, names: list[str]) -> Any:
    """Read cell by cell, so that rows of another width are found and reported."""
    columns: list[list[str]] = [[] for _ in names]
    try:
        for line, cells in cells_of(layout.path, layout.delimiter, layout.header is not None):
            check_width(f"{layout.path}, line {line}", len(cells), layout.width)
            for column, cell in zip(columns, cells, strict=True):
                column.append(cell)
    except csv.Error as error:
        raise DataError(f"{layout.path}: not a table: {error}") from None
    return pl.DataFrame([pl.Series(n, c, pl.String) for n, c in zip(names, columns, strict=True)])


def read_typed(path: Path) -> FrameTable:
    """Read a Parquet or JSON-lines file; raises DataError where it is damaged."""
    kind = TYPED[path.suffix.lower()]
    pl = _polars(f"{path}: {kind} files are read by polars")
    read: Callable[..., Any] = pl.read_parquet if kind == "Parquet" else _read_json_lines
    try:
        frame = read(path, glob=False) if kind == "Parquet" else read(pl, path)
    except OSError as error:
        raise DataError(f"{path}: {error.strerror or error}") from None
    except pl.exceptions.PolarsError as error:
        if kind != "Parquet":
            _name_line(path)
        first = str(error).strip().partition("\n")[0]
        raise DataError(f"{path}: not a readable file of {kind}: {first}") from None
    return FrameTable(Layout(path, "", tuple(frame.columns), frame.width), frame)


def _read_json_lines(pl: Any, path: Path) -> Any:
    return pl.read_ndjson(path, infer_schema_length=None)


def _name_line(path: Path) -> None:
    """Raise DataError with the number of the first line that is not a JSON object."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                found = json.loads(line)
            except ValueError as error:
                reason = getattr(error, "msg", str(error))
                raise DataError(f"{path}, line {number}: no JSON: {reason}") from None
            if not isinstance(found, dict):
                raise DataError(f"{path}, line {number}: expected an object of columns")


# --- columns -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """A table that polars holds."""

    layout: Layout
    frame: Any
    known: dict[tuple[int, Kind | None], Column] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """The number of rows."""
        return int(self.frame.height)

    def column(self, place: int, kind: Kind | None = None, of_target: bool = False) -> Column:
        """Return a column, counted from 0; see Table."""
        if (place, kind) not in self.known:
            self.known[place, kind] = self._column(place, kind, of_target)
        return self.known[place, kind]

    def _column(self, place: int, kind: Kind | None, of_target: bool) -> Column:
        pl = _polars("tables")
        cells, dtype = self.frame.to_series(place), self.frame.dtypes[place]
        if isinstance(dtype, pl.List | pl.Array):
            found = _lists(pl, cells.cast(pl.List(dtype.inner)), self, place)
        elif dtype == pl.Boolean or isinstance(dtype, pl.Categorical | pl.Enum):
            found = _words(pl, cells.cast(pl.String))
        elif dtype == pl.String:
            return self._text(pl, cells.str.strip_chars(), place, kind, of_target)
        elif dtype.is_numeric():
            found = _numbers(pl, cells)
        elif dtype == pl.Null:
            found = Column(kind or Kind.NUMBER, _nothing(kind, self.height))
        else:
            what = (
                f"`{dtype}` is no kind of column for a network: numbers, words, and lists of them"
            )
            raise DataError(f"{self.layout.column(place)}: {what}")
        if kind not in (None, found.kind):
            raise DataError(f"{self.layout.column(place)}: {found.kind}, where {kind} are expected")
        return found

    def _text(self, pl: Any, cells: Any, place: int, kind: Kind | None, of_target: bool) -> Column:
        """Read a column of text; it is numbers if at least half of its cells are."""
        known = cells.filter(~_gaps(pl, cells))
        if kind is Kind.LISTS:
            raise DataError(f"{self.layout.column(place)}: {kind} are expected, not text")
        numbers = known.cast(pl.Float64, strict=False)
        suspects = known.filter(numbers.is_null())
        if kind is None:
            meant = len(known) - len(suspects) + sum(map(is_numberish, suspects))
            kind = Kind.NUMBER if 2 * meant >= len(known) else Kind.WORDS
        if kind is Kind.WORDS:
            return _words(pl, cells)
        if any(not is_number(cell) for cell in suspects.unique()):
            raise self._no_number(pl, cells, place, of_target)
        return _numbers_of_text(pl, cells, len(suspects) > 0)

    def _no_number(self, pl: Any, cells: Any, place: int, of_target: bool) -> DataError:
        """Return the error for the first cell that is not a number, with its position."""
        gaps = _gaps(pl, cells)
        bad = (
            row
            for row, (cell, gap) in enumerate(zip(cells, gaps, strict=True))
            if not gap and not is_number(cell)
        )
        row = next(bad)
        where, _ = place_of(self, row, place)
        return DataError(f"{where}: {not_a_number(cells[row], of_target)}")


def _gaps(pl: Any, cells: Any) -> Any:
    return cells.is_null() | cells.str.to_lowercase().is_in(list(GAPS))


def _nothing(kind: Kind | None, height: int) -> Array:
    return np.full(height, -1, np.int64) if kind is Kind.WORDS else np.full(height, np.nan)


def _numbers(pl: Any, cells: Any) -> Column:
    return Column(Kind.NUMBER, cells.cast(pl.Float64).fill_null(np.nan).to_numpy())


def _numbers_of_text(pl: Any, cells: Any, odd: bool) -> Column:
    """Parse numbers; `odd` marks texts that Python can parse and polars cannot."""
    if odd:
        values = [float(c) if c is not None and is_number(c) else np.nan for c in cells]
        return Column(Kind.NUMBER, np.array(values))
    return _numbers(pl, cells.cast(pl.Float64, strict=False))


def _words(pl: Any, cells: Any) -> Column:
    """Encode words as indices into their sorted list."""
    texts = cells.str.strip_chars()
    texts = pl.select(pl.when(~_gaps(pl, texts)).then(texts)).to_series()
    words = sorted(texts.drop_nulls().unique())
    return Column(Kind.WORDS, codes(texts, words), tuple(words))


def codes(texts: Iterable[str | None], words: Iterable[str]) -> Array:
    """Return the index of each text among the words, −1 where it is not one of them."""
    at: dict[str | None, int] = {word: i for i, word in enumerate(words)}
    return np.array([at.get(text, -1) for text in texts], np.int64)


def _lists(pl: Any, cells: Any, table: FrameTable, place: int) -> Column:
    """Read lists of numbers or words, or of equally long lists of numbers."""
    lengths = cells.list.len().cast(pl.Int64).fill_null(-1).to_numpy()
    if (lengths == 0).any():
        where, _ = place_of(table, int(np.argmax(lengths == 0)), place)
        raise DataError(f"{where}: an empty list; a sequence has at least one entry")
    flat = cells.drop_nulls().explode()
    row_of = np.repeat(np.arange(len(lengths)), np.maximum(lengths, 0))
    if flat.null_count():
        where, _ = place_of(table, int(row_of[int(flat.is_null().arg_true()[0])]), place)
        raise DataError(f"{where}: an entry of the list is missing")
    if flat.dtype == pl.String:
        inner = _words(pl, flat)
        return Column(Kind.LISTS, inner.values, inner.words, lengths)
    if isinstance(flat.dtype, pl.List | pl.Array):
        return Column(Kind.LISTS, _vectors(pl, flat, row_of, table, place), (), lengths)
    if not flat.dtype.is_numeric():
        raise DataError(f"{table.layout.column(place)}: lists of {flat.dtype} are no sequences")
    return Column(Kind.LISTS, flat.to_numpy(), (), lengths)


def _vectors(pl: Any, flat: Any, row_of: Array, table: FrameTable, place: int) -> Array:
    """Return the entries of sequences of vectors, (all entries, D)."""
    vectors = flat.cast(pl.List(pl.Float64), strict=False)
    sizes = vectors.list.len().to_numpy()
    odd = np.flatnonzero(sizes != sizes[:1])
    if len(odd):
        where, _ = place_of(table, int(row_of[odd[0]]), place)
        raise DataError(f"{where}: a vector of {sizes[odd[0]]} numbers among those of {sizes[0]}")
    entries = vectors.explode()
    if entries.null_count():
        at = int(entries.is_null().arg_true()[0]) // int(sizes[0])
        where, _ = place_of(table, int(row_of[at]), place)
        raise DataError(f"{where}: an entry of the list is no number")
    values: Array = entries.to_numpy().reshape(len(sizes), -1)
    return values
