"""Rows of different lengths: which positions of outputs and targets are data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .dataset import Dataset
from .module import Array, Arrays, Module, Params, Shape


class TruePositions:
    """Finds the positions of outputs that belong to data, not to padding.

    How many positions an output has of a row of so many follows from the network (convolutions
    shorten rows), so the network is asked, once for each length: what a row gives by itself,
    without padding, is all there is.
    """

    def __init__(self, module: Module, params: Params, keywords: Mapping[str, Any]) -> None:
        self.module, self.params, self.keywords = module, params, keywords
        self.known: dict[tuple[int, ...], dict[str, int]] = {}

    def select(self, data: Dataset, value: Arrays) -> Arrays:
        """Of outputs or targets the true positions, one below the other: (N, …).

        What has no positions, or belongs to no output, stays as it is.
        """
        outputs = self.module.OUTPUTS
        if data.lengths is None:
            return value
        counts = self._counts(data)
        if isinstance(value, Mapping):
            return {
                name: _true(array, counts[name], outputs[name]) if name in outputs else array
                for name, array in value.items()
            }
        if len(outputs) > 1:
            return value
        (name,) = outputs
        return _true(value, counts[name], outputs[name])

    def _counts(self, data: Dataset) -> dict[str, Array]:
        """Of every output how many positions each row has; (B,) by the output's name."""
        lengths = _by_name(data.lengths, self.module)
        rows = list(zip(*(map(int, n) for n in lengths.values()), strict=True))
        for row, key in enumerate(rows):
            if key not in self.known:
                alone = data.take(slice(row, row + 1))
                self.known[key] = self._ask(alone, dict(zip(lengths, key, strict=True)))
        names = self.known[rows[0]]
        return {name: np.array([self.known[key][name] for key in rows]) for name in names}

    def _ask(self, row: Dataset, lengths: Mapping[str, int]) -> dict[str, int]:
        """The positions that a row has in every output, found without its padding."""
        x = row.x
        if isinstance(x, Mapping):
            alone: Arrays = {n: a[:, : lengths[n]] if n in lengths else a for n, a in x.items()}
        else:
            alone = x[:, : next(iter(lengths.values()))]
        y = self.module.predict(self.params, alone, lengths=row.lengths, **self.keywords)
        outputs = y if isinstance(y, Mapping) else {next(iter(self.module.OUTPUTS)): y}
        return {name: array.shape[1] for name, array in outputs.items()}


def _by_name(lengths: Arrays | None, module: Any) -> dict[str, Array]:
    if isinstance(lengths, Mapping):
        return dict(lengths)
    return {module.RAGGED[0]: lengths}  # type: ignore[dict-item]


def _true(array: Array, counts: Array, shape: Shape) -> Array:
    """The rows' first positions, as many as each has, if the output's shape has positions."""
    if len(shape) < 3 or array.ndim < 2:
        return array
    kept: Array = array[np.arange(array.shape[1]) < counts[:, None]]
    return kept
