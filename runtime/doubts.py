"""Warnings about data before training, other than about scale (see scaling.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from .dataset import Dataset
from .fit import fit_targets
from .module import Module
from .places import column_name

_LISTED = 5  # columns named in a message


def doubts(data: Dataset, module: Module, batch: int | None) -> Iterator[str]:
    """Yield a warning for a single class, for constant columns, and for fewer rows than a batch.

    `batch` is the requested batch size; None means the spec's."""
    yield from _one_class(data, module)
    yield from _constant(data)
    rows = batch or module.TRAIN.get("batch")
    if rows and len(data) < rows:
        yield (
            f"{data.name} has {len(data)} rows, fewer than the batch of {rows}: every epoch is "
            f"a single step on {len(data)}"
        )


def _one_class(data: Dataset, module: Module) -> Iterator[str]:
    fitted = fit_targets(data, module)
    target = fitted.data.target
    if not fitted.classes or target is None or isinstance(target, Mapping) or len(target) < 2:
        return
    if (target == target[0]).all():
        yield f"all rows of {data.name} are of one class: there is nothing to tell apart"


def _constant(data: Dataset) -> Iterator[str]:
    """Warn of constant columns in tables only: in images, border pixels are often constant."""
    places = data.places
    if places is None or isinstance(data.x, Mapping) or data.x.ndim > 2 or len(data) < 2:
        return
    rows = data.x.reshape(len(data), -1)
    constant = (rows == rows[0]).all(axis=0)
    column_of = [places.column("x", entry) for entry in range(rows.shape[1])]
    varied = {column for column, alike in zip(column_of, constant, strict=True) if not alike}
    columns = sorted({*column_of} - varied)
    if columns:
        names = [column_name(column, places.header) for column in columns[:_LISTED]]
        more = f" and {len(columns) - _LISTED} more" if len(columns) > _LISTED else ""
        does = "has" if len(columns) == 1 else "have"
        yield (
            f"{', '.join(names)}{more} of {data.name} {does} the same value in every row: "
            "nothing can be learned from that"
        )
