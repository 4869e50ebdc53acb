"""Conversion of table columns to the array of one input or target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..dataset import DataError
from ..module import Array, Shape
from .cells import shortened
from .encoding import Field, Part
from .frame import Column, Kind, Table, place_of


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """An array, the column of each entry of a row, and the true lengths of rows that were lists."""

    values: Array
    columns: tuple[int, ...]
    lengths: Array | None = None

    @property
    def listed(self) -> bool:
        """Whether the block comes from a column of lists."""
        return self.lengths is not None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The row shape that the model expects of a block; ragged rows may be padded."""

    shape: Shape
    of_target: bool
    ragged: bool


def block(table: Table, part: Part, rows: Array, wanted: Wanted) -> Block:
    """Return the rows of one input or target.

    Numbers and ids are taken as they are; words become one-hot columns or ids."""
    if [field.kind for field in part.fields] == [Kind.LISTS]:
        return _sequences(table, part, rows, wanted)
    parts: list[Array] = []
    of_target = wanted.of_target
    columns: list[int] = []
    first = 0
    for field in part.fields:
        values = numbers(table, field, rows, of_target)
        if field.kind is Kind.WORDS and not part.ids and not of_target:
            values = np.eye(len(field.words))[values]
        elif field.kind is Kind.WORDS and part.ids:
            values, first = values + first, first + len(field.words)
        parts.append(values.reshape(len(rows), -1))
        columns += [field.place] * parts[-1].shape[1]
    joined = np.concatenate(parts, axis=1)
    if not part.ids:
        return Block(joined, tuple(columns))
    where = [(row, columns[i]) for row, i in np.argwhere(_not_ids(joined))[:1]]
    _refuse_ids(table, [(int(rows[row]), place) for row, place in where])
    return Block(_shaped(joined.astype(np.int64), wanted.shape), tuple(columns))


def _shaped(ids: Array, shape: Shape) -> Array:
    sizes = [n for n in shape[1:] if isinstance(n, int)]
    return ids.reshape(len(ids), *sizes) if len(sizes) == len(shape) - 1 else ids


def numbers(table: Table, field: Field, rows: Array, of_target: bool) -> Array:
    """Return a column with its gaps filled: numbers, or the encoding's ids of words."""
    column = table.column(field.place, field.kind, of_target)
    if field.kind is Kind.WORDS:
        ids = _translated(table, column, field)
        if field.fill is not None:
            ids = np.where(column.gaps, field.words.index(str(field.fill)), ids)
        return ids[rows]
    values = column.values
    if field.fill is not None:
        values = np.where(column.gaps, float(field.fill), values)
    return values[rows]


def _translated(table: Table, column: Column, field: Field) -> Array:
    """Translate the ids of a table's own numbering of words to the encoding's ids."""
    if column.words == field.words:
        return column.values
    at = {word: i for i, word in enumerate(field.words)}
    ids = np.array([*(at.get(word, -2) for word in column.words), -1], np.int64)[column.values]
    if (ids == -2).any():
        entry = int(np.argmax(ids == -2))
        row = (
            entry if column.lengths is None else int(np.searchsorted(_ends(column), entry, "right"))
        )
        known = ", ".join(field.words[:6]) + (", …" if len(field.words) > 6 else "")
        word = shortened(column.words[column.values[entry]])
        where, _ = place_of(table, row, field.place)
        raise DataError(f"{where}: `{word}` did not occur in training; known are {known}")
    return ids


def _ends(column: Column) -> Array:
    """Return the end offset of each row's entries."""
    assert column.lengths is not None
    return np.cumsum(np.maximum(column.lengths, 0))


def _not_ids(values: Array) -> Array:
    bad: Array = (values != np.floor(values)) | (values < 0)
    return bad


def _refuse_ids(table: Table, places: list[tuple[int, int]]) -> None:
    for row, place in places:
        where, text = place_of(table, row, place)
        raise DataError(f"{where}: {text or 'this'} is no id: the model reads whole numbers from 0")


# --- sequences --------------------------------------------------------------------------------


def _sequences(table: Table, part: Part, rows: Array, wanted: Wanted) -> Block:
    """Return a column of lists as an array padded with zeros, and the true lengths."""
    (field,) = part.fields
    column = table.column(field.place, field.kind, wanted.of_target)
    assert column.lengths is not None
    flat = _entries(table, part, column, wanted)
    lengths = column.lengths[rows]
    if not wanted.ragged:
        _refuse_unlike(table, field, rows, lengths)
    first = wanted.shape[1] if len(wanted.shape) > 1 else 1
    longest = max(int(lengths.max()), first if isinstance(first, int) else 1)
    padded = np.zeros((len(rows), longest, *flat.shape[1:]), flat.dtype)
    chosen = np.zeros(table.height, bool)
    chosen[rows] = True
    within = np.arange(longest) < lengths[:, None]
    padded[within] = flat[np.repeat(chosen, np.maximum(column.lengths, 0))]
    return Block(padded, (field.place,), lengths)


def _entries(table: Table, part: Part, column: Column, wanted: Wanted) -> Array:
    """Return the entries of all lists as numbers or ids, or words as one-hot rows."""
    (field,) = part.fields
    flat = _translated(table, column, field) if field.words else column.values
    if part.ids:
        bad = np.flatnonzero(_not_ids(flat))[:1]
        places = [(int(np.searchsorted(_ends(column), at, "right")), field.place) for at in bad]
        _refuse_ids(table, places)
        flat = flat.astype(np.int64)
    elif field.words and not wanted.of_target:
        flat = np.eye(len(field.words))[flat]
    lone = flat.ndim == 1 and len(wanted.shape) == 3 and wanted.shape[2] == 1
    return flat[:, None] if lone else flat


def _refuse_unlike(table: Table, field: Field, rows: Array, lengths: Array) -> None:
    odd = np.flatnonzero(lengths != lengths[0])
    if len(odd):
        where, _ = place_of(table, int(rows[odd[0]]), field.place)
        raise DataError(
            f"{where}: {lengths[odd[0]]} entries where the first row has {lengths[0]}; "
            "lists of different lengths are for an input that is `ragged`"
        )
