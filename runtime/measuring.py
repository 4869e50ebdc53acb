"""Measurement of a network's loss and metrics, over all rows or a fixed sample of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from .dataset import DataError, Dataset
from .fit import Fitted
from .ignored import counted, of_counted
from .metrics import metric_named
from .module import Array, Arrays, Module, Params
from .ragged import TruePositions
from .scores import confusions, scores_of
from .weighing import amount, counting, weights_of

_ROWS, _NUMBERS = 10_000, 2**23
"""Most rows, and most numbers in them, that are measured at a time, to bound the cache's size."""

_LEAST, _MOST, _SHARE = 500, 10_000, 20
"""Bounds of the sample of a training set measured after each epoch: a twentieth of its rows,
but at least _LEAST and at most _MOST. All rows would take up to a third of the epoch's time."""


def metrics_for(module: Module, fitted: Fitted) -> tuple[str, ...]:
    """Return the metrics of the spec; without any, accuracy where the targets are classes."""
    asked = tuple(label for label in module.METRICS if metric_named(label))
    return asked or (("accuracy",) if fitted.classes else ())


def sample(data: Dataset, counting: Array | None = None) -> Dataset:
    """Return the sample of rows on which a training set is measured: fixed and evenly spaced.

    `counting` gives the indices of the rows to sample from; None means all."""
    count = len(data) if counting is None else len(counting)
    wanted = min(max(_LEAST, count // _SHARE), _MOST)
    if wanted >= count:
        return data if counting is None else data.take(counting)
    places = (np.arange(wanted) * count) // wanted
    return data.take(places if counting is None else counting[places])


def row_keywords(data: Dataset, module: Module) -> dict[str, Any]:
    """Return the keyword arguments of the module's functions for each row: lengths, weights."""
    found: dict[str, Any] = {} if data.lengths is None else {"lengths": data.lengths}
    if module.TRAIN.get("weights") == "rows":
        found["weights"] = data.weights
    return found


class Measure:
    """Measures weights on data; `check` is called between parts, and may raise to stop."""

    def __init__(
        self,
        module: Module,
        params: Params,
        metrics: tuple[str, ...],
        tell: Callable[[str], None],
        class_weights: Mapping[str, Any],
    ) -> None:
        self.module, self.metrics, self.tell = module, metrics, tell
        self.class_weights = class_weights
        self.check: Callable[[], None] = lambda: None
        self.losses = frozenset(module.LOSSES.values())
        fresh = module.init_state() if hasattr(module, "init_state") else {}
        self.positions = TruePositions(module, params, _state_keyword(fresh))

    def scores(
        self, params: Params, state: Params, data: Dataset, metrics: bool = True
    ) -> dict[str, float]:
        """Return loss and metrics over all rows; raises DataError where rows do not fit."""
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                return self._scores(params, state, data, self.metrics if metrics else ())
        except DataError:
            raise
        except ValueError as error:  # from the module's argument validation
            raise DataError(f"{data.name}: {error}") from error

    def _scores(
        self, params: Params, state: Params, data: Dataset, metrics: tuple[str, ...]
    ) -> dict[str, float]:
        loss, outputs, target = self._results(params, state, data, bool(metrics))
        scores = {"loss": loss}
        if metrics and target is not None:
            weights = self.weights_like(data)
            scores |= scores_of(metrics, outputs, target, self.losses, self.tell, weights)
        return scores

    def weights_like(self, data: Dataset) -> Arrays | None:
        """Return the rows' weights in the shapes of the targets that count; None if all are equal."""
        weights, target = weights_of(data, self.module), data.target
        if weights is None or target is None:
            return None
        if isinstance(target, Mapping):
            like: Arrays = {name: _repeated(weights, array) for name, array in target.items()}
        else:
            like = _repeated(weights, target)
        selected = self.positions.select(data, target)
        return of_counted(self.module, selected, self.positions.select(data, like))

    def results(
        self, params: Params, state: Params, data: Dataset
    ) -> tuple[float, Arrays, Arrays | None]:
        """Return loss, outputs and targets over all rows; of padded rows, the true positions.

        Without targets there is nothing to compare outputs with, and they are left out, too."""
        with np.errstate(over="ignore", invalid="ignore"):
            return self._results(params, state, data, True)

    def _results(
        self, params: Params, state: Params, data: Dataset, outputs: bool
    ) -> tuple[float, Arrays, Arrays | None]:
        losses, sizes, parts = [], [], []
        counting(data, weights_of(data, self.module))
        for part, y, loss in self._forward(params, state, data):
            losses.append(loss)
            sizes.append(amount(weights_of(part, self.module), slice(0, len(part))))
            parts.append(self.positions.select(part, y) if outputs else None)
        mean = float(np.average(losses, weights=sizes))
        if not outputs or data.target is None:
            return mean, {}, None
        target = self.positions.select(data, data.target)
        return mean, *counted(self.module, self._outputs(parts), target)

    def confusion(self, params: Params, state: Params, data: Dataset) -> dict[str, Array]:
        """Return counts (C, C) of true against predicted classes over all rows, by output."""
        _, outputs, target = self.results(params, state, data)
        return {} if target is None else confusions(outputs, target, self.losses, self.tell)

    def _outputs(self, parts: list[Any]) -> Arrays:
        """Join the outputs of all parts, by name as the targets; inner stages have no outputs."""
        joined = _joined(parts)
        if len(self.module.TARGETS) > 1 and not isinstance(joined, Mapping):
            return dict.fromkeys(self.module.OUTPUTS, joined)
        return joined

    def _forward(
        self, params: Params, state: Params, data: Dataset
    ) -> Iterator[tuple[Dataset, Arrays, float]]:
        """Yield the rows in parts, each with its outputs and loss."""
        size = rows_at_a_time(data)
        for start in range(0, len(data), size):
            self.check()
            part = data.take(slice(start, start + size)) if size < len(data) else data
            rows = row_keywords(part, self.module)
            weights = {"weights": rows.pop("weights")} if "weights" in rows else {}
            y, cache = self.module.forward(params, part.x, **_state_keyword(state), **rows)
            keywords = {**self.class_weights, **weights}
            counts = weights.get("weights") is None or np.any(weights["weights"])
            loss = self.module.loss(params, cache, part.target, **keywords) if counts else 0.0
            yield part, y, loss
            data.give_back()


def _repeated(weights: Array, like: Array) -> Array:
    """Return a weight of each row in the shape of an array of rows."""
    return np.broadcast_to(weights.reshape(-1, *[1] * (like.ndim - 1)), like.shape)


def _state_keyword(state: Params) -> dict[str, Any]:
    return {"state": state} if state else {}


def rows_at_a_time(data: Dataset) -> int:
    """Return how many rows a pass over data takes at a time, to bound the cache's size."""
    arrays = data.x.values() if isinstance(data.x, Mapping) else [data.x]
    numbers = sum(math.prod(np.shape(array)[1:]) for array in arrays)
    return max(1, min(data.rows_at_once(_ROWS), _NUMBERS // max(1, numbers)))


def _joined(parts: list[Arrays]) -> Arrays:
    """Concatenate the outputs of all parts, or those of each name."""
    if isinstance(parts[0], Mapping):
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return np.concatenate([part for part in parts if not isinstance(part, Mapping)])
