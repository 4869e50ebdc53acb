"""Warnings before training about data on a scale that does not train well.

docs/training.md explains why. All checks use a sample of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from .dataset import Dataset
from .mapped import take
from .module import Array

LARGE = 10.0
"""A column whose root mean square exceeds this is large for weights that expect about 1."""

SHARED = 200.0
"""Rate times squared length of the mean row, from which on all rows move a unit too far together.
"""

_SAMPLE = 1000
_MOST = 1e100  # its square is still finite
_LISTED = 8  # most columns for which a proposal has separate numbers


def unscaled(data: Dataset, inputs: tuple[str, ...], rate: float | None) -> Iterator[str]:
    """Yield a warning for each input whose numbers are large, or many and not centred.

    `rate` is the learning rate of plain gradient descent, None for optimizers that adapt their
    steps."""
    arrays = data.x if isinstance(data.x, Mapping) else dict.fromkeys(inputs, data.x)
    for name in inputs:
        rows = _sample(data, name, arrays[name])
        size = np.sqrt(np.mean(np.square(rows), axis=0)).ravel()
        shared = 0.0 if rate is None or rows.ndim > 2 else rate * _length(rows.mean(axis=0))
        worst = int(np.argmax(size))
        if size[worst] > LARGE:
            column = _column(data, name, worst) if rows.ndim == 2 and size.size > 1 else "it"
            why = f"is not scaled: {column} has numbers of about {size[worst]:.2g}"
        elif shared > SHARED:
            why = (
                f"is not centred: at a rate of {rate:g} its {size.size} columns move a unit too far"
            )
        else:
            continue
        yield (
            f"`{name}` of {data.name} {why}. Training may diverge or stand still; "
            f"{_proposal(rows)} behind the input would help (see docs/training.md)"
        )


def unreachable(data: Dataset, ends: Mapping[str, tuple[str, float, float]]) -> Iterator[str]:
    """Yield a warning for each target that lies outside the range of its output."""
    if data.target is None:
        return
    targets: Mapping[str, Array] = (
        data.target if isinstance(data.target, Mapping) else dict.fromkeys(ends, data.target)
    )
    for name, (kind, low, high) in ends.items():
        rows = _sample(data, name, targets[name])
        least, most = float(rows.min()), float(rows.max())
        if least < low - 1e-6 or most > high + 1e-6:
            yield (
                f"`{name}` of {data.name} goes from {least:.4g} to {most:.4g}, but the output ends "
                f"in {kind}, {_range(low, high)}: it cannot get there. End in a layer without "
                "activation, or scale the targets"
            )


def _range(low: float, high: float) -> str:
    if np.isinf(high):
        return f"which is never below {low:g}"
    return f"which is never above {high:g}" if np.isinf(low) else f"from {low:g} to {high:g}"


def _sample(data: Dataset, what: str, array: Array) -> Array:
    """Return some rows, or some true positions, in float64: evenly spaced and so reproducible."""
    chosen = np.unique(np.linspace(0, len(array) - 1, _SAMPLE).astype(np.int64))
    part = data.take(chosen)
    rows = np.clip(take(array, chosen).astype(np.float64), -_MOST, _MOST)
    beyond = part.beyond(what, rows)
    return rows if beyond is None else rows[~beyond]


def _length(row: Array) -> float:
    return float(np.square(row).sum())


def _column(data: Dataset, name: str, entry: int) -> str:
    places = data.places
    what = name if isinstance(data.x, Mapping) else "x"
    if places is None or places.header is None or what not in places.columns:
        return f"column {entry + 1}"
    title = places.header[places.column(what, entry)]
    return f"column `{title}`" if title else f"column {entry + 1}"


def _proposal(rows: Array) -> str:
    """Return a `normalize` stage with the mean and deviation of each of a few columns, or all."""
    if rows.ndim == 2 and 1 < rows.shape[1] <= _LISTED:
        mean, std = (_numbers(v) for v in (rows.mean(axis=0), _deviation(rows, 0)))
        return f"`normalize mean=[{mean}] std=[{std}]`"
    return f"`normalize mean={rows.mean():.3g} std={float(_deviation(rows, None)):.3g}`"


def _deviation(rows: Array, axis: int | None) -> Array:
    """Return standard deviations; 1 for constant columns."""
    std = np.std(rows, axis=axis)
    return np.where(std > 0, std, 1.0)


def _numbers(values: Array) -> str:
    return ", ".join(f"{value:.3g}" for value in values)
