"""Fitting of an encoding to a training table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..dataset import DataError
from ..module import Module
from ..ports import Port, inputs_of, targets_of
from .columns import Choice, Named, choose
from .encoding import Encoding, Field, Part
from .frame import Column, Kind, Table
from .missing import Missing


def learn(table: Table, module: Module, named: Named, missing: Missing) -> Encoding:
    """Choose the columns that a model takes, and fit the encoding of their words and gaps."""
    inputs, targets = inputs_of(module), targets_of(module)
    choice = choose(table, inputs, targets, named)
    layout = table.layout
    encoding = Encoding(
        layout.path.name,
        layout.header is not None,
        layout.width,
        tuple(
            Part(port.name, _fields(table, places, missing), port.ids)
            for port, places in zip(inputs, choice.inputs, strict=True)
        ),
        tuple(
            Part(port.name, _fields(table, places, None))
            for port, places in zip(targets, choice.targets, strict=True)
        ),
        _weights(table, choice, missing),
        missing,
    )
    for port, part in zip(targets, encoding.targets, strict=True):
        _check_classes(table, port, part)
    return encoding


def _fields(table: Table, places: Sequence[int], missing: Missing | None) -> tuple[Field, ...]:
    """Return fields with their fitted words and fills; None for targets, which are never filled."""
    header = table.layout.header
    fields = []
    for place in places:
        column = table.column(place, of_target=missing is None)
        fill = _fill(table, place, column) if missing is Missing.MEAN else None
        name = header[place] if header else ""
        fields.append(Field(name, place, column.kind, column.words, fill))
    return tuple(fields)


def _weights(table: Table, choice: Choice, missing: Missing) -> Field | None:
    if choice.weights is None:
        return None
    column = table.column(choice.weights, Kind.NUMBER)
    header = table.layout.header
    return Field(header[choice.weights] if header else "", choice.weights, column.kind)


def _fill(table: Table, place: int, column: Column) -> float | str | None:
    """Return the value that fills gaps of a column; None for lists, which are never filled."""
    if column.kind is Kind.LISTS:
        return None
    known = column.values[~column.gaps]
    if not len(known):
        raise DataError(f"{table.layout.column(place)}: every cell is empty; leave the column out")
    if column.kind is Kind.WORDS:
        return column.words[int(np.argmax(np.bincount(known)))]
    return float(known.mean())


def _check_classes(table: Table, port: Port, part: Part) -> None:
    """Refuse more classes than the model distinguishes."""
    one = len(part.fields) == 1
    most = max(2, port.width or 2) if one else 2
    if port.width is None and one:
        last = port.shape[-1]
        most = last if isinstance(last, int) and len(port.shape) > 2 else most
    for field in part.fields:
        count = len(field.words)
        if count > most:
            shown = ", ".join(field.words[:5]) + (", …" if count > 5 else "")
            raise DataError(
                f"{table.layout.column(field.place)}: {count} classes ({shown}), but the "
                f"model's output `{port.name}` tells {most} apart"
            )
