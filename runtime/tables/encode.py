"""Conversion of a table to a data set: its rows, and the positions of its numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from ..dataset import DataError, Dataset
from ..fit import fit_rows, require_rows
from ..module import Array, Arrays, Module
from .blocks import Block, Wanted, block, numbers
from .cells import a_gap
from .encoding import Encoding, Field
from .frame import Table, place_of, places_of
from .missing import Missing

Tell = Callable[[str], None]


def dataset_of(table: Table, encoding: Encoding, module: Module, tell: Tell) -> Dataset:
    """Convert the rows of a table by an encoding that is already matched to its columns."""
    rows = _kept(table, encoding, tell)
    ragged = getattr(module, "RAGGED", ())
    inputs = {
        p.name: block(table, p, rows, Wanted(module.INPUTS[p.name], False, p.name in ragged))
        for p in encoding.inputs
    }
    targets = {
        p.name: block(table, p, rows, Wanted(module.TARGETS[p.name], True, bool(ragged)))
        for p in encoding.targets
    }
    weights = encoding.weights
    beside = {} if weights is None else {"weights": (weights.place,)}
    data = Dataset(
        _alone({name: made.values for name, made in inputs.items()}),
        _target({name: made.values for name, made in targets.items()}),
        table.layout.path.name,
        _lengths(inputs, ragged),
        places_of(table, _columns("x", inputs) | _columns("target", targets) | beside, rows),
        None if weights is None else _row_weights(table, weights, rows),
    )
    if len(inputs) == 1 and not any(made.listed for made in inputs.values()):
        return fit_rows(data, module)
    require_rows(data, module)
    return data


def _row_weights(table: Table, field: Field, rows: Array) -> Array:
    weights = numbers(table, field, rows, True)
    if not weights.any():
        raise DataError(f"{table.layout.column(field.place)}: every row has the weight 0")
    return weights


def _alone(arrays: Mapping[str, Array]) -> Arrays:
    return arrays if len(arrays) > 1 else next(iter(arrays.values()))


def _target(arrays: Mapping[str, Array]) -> Arrays | None:
    """Return the targets by name, or a single target, which is (N,) if it has one column."""
    if len(arrays) != 1:
        return arrays or None
    (array,) = arrays.values()
    return array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array


def _lengths(blocks: Mapping[str, Block], ragged: Sequence[str]) -> Arrays | None:
    found = {name: blocks[name].lengths for name in ragged}
    known = {name: lengths for name, lengths in found.items() if lengths is not None}
    return _alone(known) if known else None


def _columns(only: str, blocks: Mapping[str, Block]) -> dict[str, Sequence[int]]:
    """Return the columns of every entry, by the name of the array in the data set."""
    return {only if len(blocks) == 1 else name: made.columns for name, made in blocks.items()}


def _fields(encoding: Encoding) -> Iterator[tuple[Field, bool]]:
    """Yield every column in use, and whether it belongs to a target or the weights."""
    for part in encoding.inputs:
        yield from ((field, False) for field in part.fields)
    for part in encoding.targets:
        yield from ((field, True) for field in part.fields)
    if encoding.weights is not None:
        yield encoding.weights, True


def _kept(table: Table, encoding: Encoding, tell: Tell) -> Array:
    """Return the rows that are used; raises DataError at a missing value that is not allowed."""
    path = table.layout.path
    if not table.height:
        raise DataError(f"{path}: there are no rows")
    kept = np.ones(table.height, bool)
    for field, of_target in _fields(encoding):
        gaps = table.column(field.place, field.kind, of_target).gaps
        if encoding.missing is Missing.DROP:
            kept &= ~gaps
        elif gaps.any() and field.fill is None:
            where, text = place_of(table, int(np.argmax(gaps)), field.place)
            raise DataError(f"{where}: {a_gap(text, of_target)}")
    lost = len(kept) - int(kept.sum())
    if lost == len(kept):
        raise DataError(f"{path}: every row has a gap; none is left")
    if lost:
        tell(f"{path}: {lost} of {len(kept)} rows have gaps and are left out")
    return np.flatnonzero(kept)
