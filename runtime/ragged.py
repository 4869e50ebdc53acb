"""Rows of different lengths: the positions of outputs and targets that are data, not padding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .dataset import Dataset
from .module import Array, Arrays, Module, Params


class TruePositions:
    """Finds the positions of outputs that are data, not padding.

    The number of valid output positions for a row length depends on the network (convolutions
    shorten rows), so it is found by a forward pass: with NaN weights and data, an output is NaN at
    data and 0 at padding."""

    def __init__(self, module: Module, params: Params, keywords: Mapping[str, Any]) -> None:
        self.module, self.keywords = module, keywords
        self.unknown = {name: np.full_like(array, np.nan) for name, array in params.items()}
        self.known: dict[tuple[object, ...], dict[str, Array]] = {}

    def select(self, data: Dataset, value: Arrays) -> Arrays:
        """Return the concatenated true positions of outputs or targets: (N, …).

        Arrays without positions, or without an output, are unchanged."""
        if data.lengths is None:
            return value
        if not isinstance(value, Mapping):
            if len(self.module.OUTPUTS) > 1:
                return value
            (name,) = self.module.OUTPUTS
            return self._named(data, {name: value})[name]
        return self._named(data, value)

    def _named(self, data: Dataset, value: Mapping[str, Array]) -> dict[str, Array]:
        """Return outputs or targets by name, those with positions without their padding."""
        axes, inside = self.module.RAGGED_OUTPUTS, self._inside(data)
        return {
            name: self._flat(name, array, inside[name]) if name in axes else array
            for name, array in value.items()
        }

    def _flat(self, name: str, array: Array, inside: Array) -> Array:
        """Return the true positions of an output or its target; (N, 1) if scalar."""
        moved: Array = np.moveaxis(array, self.module.RAGGED_OUTPUTS[name], 1)[inside]
        return moved[:, None] if len(self.module.OUTPUTS[name]) == 2 else moved

    def _inside(self, data: Dataset) -> dict[str, Array]:
        """Return a mask (B, positions) of true positions by output, for outputs with padding."""
        sizes = [np.shape(array) for array in _named(data.x).values()]
        lengths = [array.tobytes() for array in _named(data.lengths).values()]
        key = (*sizes, *lengths)
        if key not in self.known:
            self.known[key] = self._ask(data)
        return self.known[key]

    def _ask(self, data: Dataset) -> dict[str, Array]:
        x = {name: _unknown(array) for name, array in _named(data.x).items()}
        rows = x if isinstance(data.x, Mapping) else next(iter(x.values()))
        with np.errstate(all="ignore"):
            y = self.module.predict(self.unknown, rows, lengths=data.lengths, **self.keywords)
        outputs = y if isinstance(y, Mapping) else {next(iter(self.module.OUTPUTS)): y}
        inside = {}
        for name, axis in self.module.RAGGED_OUTPUTS.items():
            others = tuple(i for i in range(1, outputs[name].ndim) if i != axis)
            inside[name] = np.isnan(outputs[name]).any(axis=others)
        return inside


def _named(arrays: Arrays | None) -> Mapping[str, Array]:
    """Return arrays by name; a single array has the name ''."""
    if isinstance(arrays, Mapping):
        return arrays
    return {} if arrays is None else {"": np.asarray(arrays)}


def _unknown(array: Array) -> Array:
    """Return rows of NaN; ids are kept, because the embedding rows that they select are NaN."""
    return array if array.dtype.kind in "iu" else np.full(np.shape(array), np.nan)
