"""Table columns, such as an id, that are copied unchanged to the table of predictions."""

from __future__ import annotations

import numpy as np

from ..dataset import DataError, Dataset
from ..module import Array
from ..places import cells_of
from .columns import column_named
from .frame import Kind, Table
from .header import Layout
from .table import open_table


def carried_columns(data: Dataset, names: str) -> dict[str, Array]:
    """Return the named columns (separated by commas) of the table's rows that are kept.

    Raises DataError where the data do not come from a table, or the table has no such column."""
    places = data.places
    if places is None:
        raise DataError(f"{data.name}: this is no table with columns to carry through")
    width = len(places.header) if places.header else 1 + max(map(max, places.columns.values()))
    layout = Layout(places.path, places.delimiter, places.header, width)
    chosen = [column_named(layout, name.strip()) for name in names.split(",")]
    if places.delimiter:
        rows = [cells for _, cells in cells_of(places.path, places.delimiter, bool(places.header))]
        values = [np.array([rows[i][c].strip() for i in places.rows]) for c in chosen]
    else:
        table = open_table(places.path)
        values = [_values(table, c)[places.rows] for c in chosen]
    labels = [places.header[c] if places.header else f"column {c + 1}" for c in chosen]
    return dict(zip(labels, values, strict=True))


def _values(table: Table, place: int) -> Array:
    """Return the cells of a column; a gap becomes an empty string, or NaN among numbers."""
    column = table.column(place)
    if column.kind is Kind.LISTS:
        raise DataError(
            f"{table.layout.column(place)}: a column of lists cannot be carried through"
        )
    if column.kind is Kind.NUMBER:
        return column.values
    return np.array([*column.words, ""])[column.values.astype(np.int64)]
