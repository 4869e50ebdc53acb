"""Evaluation of a trained network on data: loss, metrics, and scores by class."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from .class_report import Calibration, ClassScore, calibration, class_scores
from .dataset import DataError, Dataset
from .fit import cast, fit_targets
from .measuring import Measure, metrics_for
from .metrics import confusion, true_classes
from .module import Array, Arrays, Module, Params
from .probabilities import Meaning, of_every_class, probabilities
from .scores import class_pairs, scores_of

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, eq=False)
class ClassOutput:
    """An output of classes: counts (C, C), rows true classes, columns predicted ones.

    `calibration` is None where the output gives no probabilities."""

    name: str
    classes: tuple[ClassScore, ...]
    confusion: Array
    calibration: Calibration | None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Loss, metrics by name (nan where one cannot be computed), and the outputs of classes."""

    data: str
    rows: int
    loss: float
    metrics: Mapping[str, float]
    outputs: tuple[ClassOutput, ...]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-compatible form: shares are from 0 to 1, and nan is null."""
        return {
            "data": self.data,
            "rows": self.rows,
            "loss": _finite(self.loss),
            "metrics": {name: _finite(value) for name, value in self.metrics.items()},
            "outputs": {
                output.name: {
                    "classes": [asdict(score) for score in output.classes],
                    "confusion": output.confusion.tolist(),
                    "calibration": output.calibration and asdict(output.calibration),
                }
                for output in self.outputs
            },
        }


def evaluate(
    module: Module,
    params: Params,
    state: Params,
    data: Dataset,
    *,
    meanings: Mapping[str, Meaning],
    classes: Iterable[str] = (),
    tell: Tell = lambda _: None,
) -> Evaluation:
    """Measure a network on data.

    `meanings` gives the meaning of each output's numbers, `classes` the class names, if any;
    otherwise classes are called by their ids. Raises DataError where the data do not fit the model.
    """
    fitted = fit_targets(data, module)
    dtype = np.result_type(*params.values()) if params else np.dtype(np.float32)
    rows = cast(fitted.data, dtype)
    labels = metrics_for(module, fitted)
    measure = Measure(module, params, labels, tell, {})
    try:
        loss, y, target = measure.results(params, state, rows)
    except ValueError as error:  # from the module's argument validation
        raise DataError(f"{data.name}: {error}") from error
    if target is None:
        return Evaluation(data.name, len(data), loss, {}, ())
    weights = measure.weights_like(rows)
    scores = scores_of(labels, y, target, measure.losses, tell, weights)
    names = tuple(classes)
    outputs = _outputs(module, y, target, measure.losses, meanings, names)
    return Evaluation(data.name, len(data), loss, scores, tuple(outputs))


def _outputs(
    module: Module,
    y: Arrays,
    target: Arrays,
    losses: Iterable[str],
    meanings: Mapping[str, Meaning],
    names: tuple[str, ...],
) -> Iterable[ClassOutput]:
    only = next(iter(module.OUTPUTS))
    for label, outputs, targets, _ in class_pairs(y, target, losses):
        name = label or only
        counts = confusion(outputs, targets)
        called = names if len(names) == len(counts) else tuple(map(str, range(len(counts))))
        shares = probabilities(outputs, meanings.get(name, Meaning.NUMBERS))
        yield ClassOutput(
            name, class_scores(counts, called), counts, _calibration(shares, outputs, targets)
        )


def _calibration(shares: Array | None, y: Array, target: Array) -> Calibration | None:
    if shares is None:
        return None
    every = of_every_class(shares)
    return calibration(every.reshape(-1, every.shape[-1]), true_classes(y, target).ravel())


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
