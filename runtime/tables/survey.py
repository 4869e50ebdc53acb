"""Survey of a table before there is a network: its columns, and the facts that a spec needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..dataset import DataError, divided
from ..module import Array
from ..places import column_name
from .columns import column_named
from .frame import Column, Kind, Table
from .table import open_table

MOST_WORDS = 20
"""A column of more distinct words is a name or a text, not a category."""

MOST_CLASSES = 20
"""Whole numbers 0, 1, 2, … with at most this many values are class ids; more are numbers."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A possible input column: the number of its words, or mean and deviation of its numbers."""

    name: str
    words: int
    mean: float
    std: float

    @property
    def width(self) -> int:
        """The number of inputs that the column becomes."""
        return self.words or 1


@dataclass(frozen=True, slots=True)
class Answer:
    """A target column: its class names (none for a number), mean and standard deviation."""

    name: str
    classes: tuple[str, ...]
    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class Survey:
    """The content of a table.

    `left_out` gives the reasons why columns are not used as inputs; `gaps` counts missing values in
    inputs, `target_gaps` in targets."""

    rows: int
    features: tuple[Feature, ...]
    answers: tuple[Answer, ...]
    left_out: tuple[tuple[str, str], ...]
    gaps: bool
    target_gaps: bool
    chosen: bool

    @property
    def width(self) -> int:
        """The number of numbers that the model reads."""
        return sum(feature.width for feature in self.features)


def survey(
    path: Path,
    target: str | None,
    features: str | None,
    test_fraction: float | None = None,
    seed: int = 0,
) -> Survey:
    """Survey a table; means are over the rows that `Dataset.split` leaves for training."""
    table = open_table(path)
    if not table.height:
        raise DataError(f"{path}: there are no rows")
    layout = table.layout
    named = [str(layout.width)] if target is None else target.split(",")
    targets = [column_named(layout, name.strip()) for name in named]
    rows = _training_rows(table, targets, test_fraction, seed)
    asked = None if features is None else features.split(",")
    if asked is None:
        places = [i for i in range(layout.width) if i not in targets]
        useless = {i: why for i in places if (why := _useless(table, i))}
    else:
        places = [column_named(layout, name.strip()) for name in asked]
        useless = {}
    used = [i for i in places if i not in useless]
    if not used:
        raise DataError(f"{path}: no column is left for the model to read")
    double = [i for i in used if i in targets]
    if double:
        raise DataError(f"{layout.column(double[0])} is named as feature and as target")
    return Survey(
        len(rows),
        tuple(_feature(table, i, rows) for i in used),
        tuple(_answer(table, i, rows) for i in targets),
        tuple((_title(table, i), why) for i, why in useless.items()),
        any(table.column(i).gaps.any() for i in used),
        any(table.column(i, of_target=True).gaps.any() for i in targets),
        features is not None or bool(useless),
    )


def _training_rows(
    table: Table, targets: Sequence[int], test_fraction: float | None, seed: int
) -> Array:
    if test_fraction is None:
        return np.arange(table.height)
    first = table.column(targets[0], of_target=True)
    ids = first.values if len(targets) == 1 and first.kind is Kind.WORDS else None
    return divided(table.height, test_fraction, seed, ids)[0]


def _useless(table: Table, place: int) -> str:
    """Return why a column is not usable as an input; empty if it is usable."""
    column, rows = table.column(place), table.height
    if column.kind is Kind.WORDS and len(column.words) > MOST_WORDS:
        return f"{len(column.words)} different words"
    if column.kind is Kind.NUMBER and rows > 2 and _counts(column.values):
        return "it numbers the rows"
    return ""


def _counts(values: Array) -> bool:
    """Return whether values are 0, 1, 2, … or 1, 2, 3, …."""
    return bool(values[0] in (0, 1) and (np.diff(values) == 1).all())


def _title(table: Table, place: int) -> str:
    header = table.layout.header
    return (header[place] if header else "") or column_name(place, None)


def _feature(table: Table, place: int, rows: Array) -> Feature:
    column = table.column(place)
    if column.kind is Kind.LISTS:
        raise DataError(
            f"{table.layout.column(place)}: lists are sequences; begin with `--template lstm`"
        )
    if column.kind is Kind.WORDS:
        return Feature(_title(table, place), len(column.words), 0.0, 1.0)
    mean, std = _moments(table, place, column, rows)
    return Feature(_title(table, place), 0, mean, std)


def _moments(table: Table, place: int, column: Column, rows: Array) -> tuple[float, float]:
    """Return mean and standard deviation; the deviation of a constant column is 1."""
    known = column.values[rows]
    known = known[~np.isnan(known)]
    if not len(known):
        raise DataError(f"{table.layout.column(place)}: every cell is empty; leave the column out")
    if not np.isfinite(known).all():
        raise DataError(f"{table.layout.column(place)}: a number is not finite")
    std = float(known.std())
    return float(known.mean()), std if std > 0 else 1.0


def _answer(table: Table, place: int, rows: Array) -> Answer:
    column = table.column(place, of_target=True)
    if column.kind is Kind.LISTS:
        raise DataError(
            f"{table.layout.column(place)}: a target of lists; begin with `--template tagger`"
        )
    title = _title(table, place)
    if column.kind is Kind.WORDS:
        if len(column.words) < 2:
            raise DataError(f"{table.layout.column(place)}: one class only; nothing to learn")
        return Answer(title, column.words, 0.0, 1.0)
    ids = np.unique(column.values[~column.gaps])
    if 2 <= len(ids) <= MOST_CLASSES and (ids == np.arange(len(ids))).all():
        return Answer(title, tuple(str(int(i)) for i in ids), 0.0, 1.0)
    return Answer(title, (), *_moments(table, place, column, rows))
