"""The data set: rows of inputs and targets, and their division into training and test sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .mapped import give_back, is_checked, map_of, note_checked, rows_at_once, slices, take
from .module import Array, Arrays
from .places import Places


class DataError(ValueError):
    """Data that cannot be used; the message names the file and the fault."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Inputs and targets with the same number of rows.

    `x` and `target` are one array each, or arrays by name where the model has several; `target` is
    None where there are no targets. `lengths` are the true lengths of padded rows, by name where
    several inputs have them; padding may hold any value. `name` is the name of the data in
    messages, `places` the positions of the numbers in the table, if they come from one. `weights`
    (N,) are the weights of the rows."""

    x: Arrays
    target: Arrays | None = None
    name: str = "the data"
    lengths: Arrays | None = None
    places: Places | None = None
    weights: Array | None = None

    def __post_init__(self) -> None:
        sizes = {what: len(array) for what, array in self._arrays().items()}
        if len(set(sizes.values())) > 1:
            listing = ", ".join(f"{what} {size}" for what, size in sizes.items())
            raise DataError(f"{self.name}: the number of rows differs: {listing}")
        if not len(self):
            raise DataError(f"{self.name}: there are no rows")
        for what, array in self._arrays().items():
            if not is_checked(array):
                self._check_numbers(what, array)
                note_checked(array)
        if self.weights is not None:
            self._check_weights(self.weights)

    def _check_numbers(self, what: str, array: Array) -> None:
        """Refuse NaN and infinite numbers; arrays in files are read part by part."""
        beyond = self.beyond(what, array)
        for rows in slices(array):
            part = array[rows]
            padding = None if beyond is None else beyond[rows]
            self._refuse(what, part, *_non_finite(part, padding), first=rows.start)
            self._refuse(what, part, *_beyond_int64(part), first=rows.start)

    def _check_weights(self, weights: Array) -> None:
        if weights.ndim != 1:
            raise DataError(f"{self.name}: weights are one number a row, found {weights.shape}")
        self._refuse("weights", weights, weights < 0, "is negative; a row's weight is 0 or more")

    def _arrays(self) -> dict[str, Array]:
        given = {
            "x": self.x,
            "target": self.target,
            "lengths": self.lengths,
            "weights": self.weights,
        }
        parts = {what: value for what, value in given.items() if value is not None}
        return {
            label: array for what, value in parts.items() for label, array in _named(what, value)
        }

    def beyond(self, what: str, array: Array) -> Array | None:
        """Return a mask of the padding along the second axis, or None if the array has none."""
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

    def _refuse(self, what: str, array: Array, bad: Array, why: str, first: int = 0) -> None:
        """Raise DataError if any entry of `bad` is true; `first` is the index of the first row."""
        if bad.any():
            row, *entry = map(int, np.argwhere(bad)[0])
            value = array[(row, *entry)]
            raise DataError(self.say(what, (first + row, *entry), f"{value}", why))

    def say(self, what: str, index: tuple[int, ...], value: str, why: str) -> str:
        """Return a message that says what is wrong with one entry of an array, and where it is.

        For a table, the position is file, line and column, and `value` is shown as the table writes
        it."""
        row = index[0]
        if self.places is not None and what in self.places.columns:
            array = self._arrays()[what]
            entry = int(np.ravel_multi_index(index[1:], array.shape[1:])) if index[1:] else 0
            place, text = self.places.cell(what, row, entry)
            return f"{place}: {text or value} {why}"
        entry_of = f", entry {', '.join(str(i + 1) for i in index[1:])}" if index[1:] else ""
        return f"{self.name}: {what}, row {row + 1}{entry_of}: {value} {why}"

    def __len__(self) -> int:
        return len(next(iter(self._arrays().values())))

    def rows_at_once(self, most: int) -> int:
        """Return how many rows to have in memory at a time; `most` if all are in memory anyway."""
        return min(rows_at_once(array, most) for array in self._arrays().values())

    def give_back(self) -> None:
        """Release the memory of arrays that are mapped from files."""
        for array in self._arrays().values():
            give_back(array)

    def take(self, rows: slice | Array) -> Dataset:
        """Return the chosen rows."""
        return replace(
            self,
            x=_rows_of(self.x, rows),
            target=None if self.target is None else _rows_of(self.target, rows),
            lengths=None if self.lengths is None else _rows_of(self.lengths, rows),
            places=None if self.places is None else self.places.take(rows),
            weights=None if self.weights is None else self.weights[rows],
        )

    def split(
        self, test_fraction: float, seed: int = 0, stratify: bool = False
    ) -> tuple[Dataset, Dataset]:
        """Draw a training set and a test set at random, reproducibly for the same seed.

        Both keep the rows in their original order. With `stratify`, class ids have the same
        proportions in both sets, as nearly as whole rows allow."""
        if not 0 < test_fraction < 1:
            raise DataError(f"the test fraction must be between 0 and 1, not {test_fraction:g}")
        count = round(len(self) * test_fraction)
        if not 0 < count < len(self):
            raise DataError(
                f"{self.name}: {len(self)} rows leave none to train or test on "
                f"at a test fraction of {test_fraction:g}"
            )
        if any(map_of(array) is not None for array in self._arrays().values()):
            raise DataError(
                f"{self.name}: too large to be divided at random; keep the rows to test on in files "
                "of their own"
            )
        kept, held_out = divided(
            len(self), test_fraction, seed, self._class_ids() if stratify else None
        )
        return self.take(kept), self.take(held_out)

    def _class_ids(self) -> Array | None:
        """Return a single target of repeating whole numbers, one for each row: (N,)."""
        if self.target is None or isinstance(self.target, Mapping):
            return None
        if self.target.ndim > 2 or self.target.size != len(self):
            return None
        ids: Array = self.target.ravel()
        repeats = len(np.unique(ids)) <= len(ids) / 2
        return ids if repeats and (ids == np.floor(ids)).all() else None


def divided(
    rows: int, test_fraction: float, seed: int, ids: Array | None = None
) -> tuple[Array, Array]:
    """Return the training and test row indices; with class ids, each class is in both."""
    count = round(rows * test_fraction)
    shuffled = np.random.default_rng(seed).permutation(rows)
    if ids is not None:
        shuffled = _spread(shuffled, ids)
    return np.sort(shuffled[count:]), np.sort(shuffled[:count])


def _spread(order: Array, ids: Array) -> Array:
    """Return an order of rows in which the rows of each class are evenly spread."""
    ids = ids[order]
    place = np.empty(len(order))
    for each in np.unique(ids):
        rows = np.flatnonzero(ids == each)
        place[rows] = (np.arange(len(rows)) + 0.5) / len(rows)
    spread: Array = order[np.argsort(place, kind="stable")]
    return spread


def _named(what: str, value: Arrays) -> list[tuple[str, Array]]:
    if not isinstance(value, Mapping):
        return [(what, value)]
    lead = "lengths of " if what == "lengths" else ""
    return [(f"{lead}{name}", array) for name, array in value.items()]


def _rows_of(value: Arrays, rows: slice | Array) -> Arrays:
    if isinstance(value, Mapping):
        return {name: _picked(array, rows) for name, array in value.items()}
    return _picked(value, rows)


def _picked(array: Array, rows: slice | Array) -> Array:
    return array[rows] if isinstance(rows, slice) else take(array, rows)


def _non_finite(array: Array, beyond: Array | None) -> tuple[Array, str]:
    if array.dtype.kind != "f":
        return np.zeros(1, bool), ""
    bad = ~np.isfinite(array)
    if beyond is not None:
        bad[beyond] = False
    return bad, "is not a finite number"


def _beyond_int64(array: Array) -> tuple[Array, str]:
    """Return the unsigned numbers that would overflow int64."""
    if array.dtype != np.uint64:
        return np.zeros(1, bool), ""
    return array > np.iinfo(np.int64).max, "is beyond whole numbers of 64 bits"
