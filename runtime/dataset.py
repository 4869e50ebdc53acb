"""Rows of inputs and targets, and how they are divided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .module import Array, Arrays


class DataError(ValueError):
    """Data that cannot be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Inputs and targets with the same number of rows.

    `x` and `target` are one array each, or arrays by name where the model has several; target
    is None where there is nothing to learn from. `lengths` are the true lengths of padded rows,
    by name where several inputs have them; what lies beyond may be anything. `name` is how
    messages call the data.
    """

    x: Arrays
    target: Arrays | None = None
    name: str = "the data"
    lengths: Arrays | None = None

    def __post_init__(self) -> None:
        sizes = {what: len(array) for what, array in self._arrays().items()}
        if len(set(sizes.values())) > 1:
            listing = ", ".join(f"{what} {size}" for what, size in sizes.items())
            raise DataError(f"{self.name}: the number of rows differs: {listing}")
        if not len(self):
            raise DataError(f"{self.name}: there are no rows")
        for what, array in self._arrays().items():
            _refuse_non_finite(array, f"{self.name}: {what}", self._beyond(what, array))

    def _arrays(self) -> dict[str, Array]:
        given = {"x": self.x, "target": self.target, "lengths": self.lengths}
        parts = {what: value for what, value in given.items() if value is not None}
        return {
            label: array for what, value in parts.items() for label, array in _named(what, value)
        }

    def _beyond(self, what: str, array: Array) -> Array | None:
        """Where the second axis may hold padding, in arrays that can have any."""
        if self.lengths is None or array.ndim < 2:
            return None
        if isinstance(self.lengths, Mapping):
            own = self.lengths.get(what)
            longest = np.max([np.ravel(n) for n in self.lengths.values()], axis=0)
            lengths = longest if own is None else np.ravel(own)
        else:
            lengths = np.ravel(self.lengths)
        beyond: Array = np.arange(array.shape[1]) >= lengths[:, None]
        return beyond

    def __len__(self) -> int:
        return len(next(iter(self._arrays().values())))

    def take(self, rows: slice | Array) -> Dataset:
        """The chosen rows only."""
        target = None if self.target is None else _rows_of(self.target, rows)
        lengths = None if self.lengths is None else _rows_of(self.lengths, rows)
        return replace(self, x=_rows_of(self.x, rows), target=target, lengths=lengths)

    def split(self, test_fraction: float, seed: int = 0) -> tuple[Dataset, Dataset]:
        """A training and a test set, drawn at random but always alike for the same seed.

        Both keep the rows in their original order.
        """
        if not 0 < test_fraction < 1:
            raise DataError(f"the test fraction must be between 0 and 1, not {test_fraction:g}")
        count = round(len(self) * test_fraction)
        if not 0 < count < len(self):
            raise DataError(
                f"{self.name}: {len(self)} rows leave none to train or test on "
                f"at a test fraction of {test_fraction:g}"
            )
        shuffled = np.random.default_rng(seed).permutation(len(self))
        return self.take(np.sort(shuffled[count:])), self.take(np.sort(shuffled[:count]))


def _named(what: str, value: Arrays) -> list[tuple[str, Array]]:
    if not isinstance(value, Mapping):
        return [(what, value)]
    lead = "lengths of " if what == "lengths" else ""
    return [(f"{lead}{name}", array) for name, array in value.items()]


def _rows_of(value: Arrays, rows: slice | Array) -> Arrays:
    if isinstance(value, Mapping):
        return {name: array[rows] for name, array in value.items()}
    return value[rows]


def _refuse_non_finite(array: Array, what: str, beyond: Array | None) -> None:
    if array.dtype.kind != "f":
        return
    bad = ~np.isfinite(array)
    if beyond is not None:
        bad[beyond] = False
    if bad.any():
        row = int(np.argwhere(bad)[0][0])
        raise DataError(f"{what} is not finite in row {row + 1}")
