"""The rows with the largest loss of a network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .metrics import aligned, true_classes
from .module import Array, Arrays
from .probabilities import Meaning, of_every_class, predicted, probabilities
from .scores import class_pairs


@dataclass(frozen=True, slots=True)
class Bad:
    """A row, its loss, its target and the network's prediction as text."""

    row: int
    loss: float
    truth: str
    said: str


def worst(
    y: Mapping[str, Array],
    target: Arrays,
    *,
    meanings: Mapping[str, Meaning],
    losses: Iterable[str],
    classes: Sequence[str] = (),
    count: int = 12,
) -> list[Bad]:
    """Return the rows with the largest loss, by the first output that has comparable targets.

    For classes with probabilities the loss is −log p of the true class; for classes with scores it
    is how far a wrong one exceeds the true one's; for numbers it is the mean squared error. The
    positions of a sequence are averaged."""
    only = next(iter(y))
    single: Arrays = y if len(y) > 1 else y[only]
    pairs = class_pairs(single, target, losses)
    if pairs:
        name, outputs, targets, _ = pairs[0]
        meaning = meanings.get(name or only, Meaning.NUMBERS)
        return _of_classes(outputs, targets, meaning, classes, count)
    if len(y) > 1 or isinstance(target, Mapping) or y[only].size != target.size:
        return []
    return _of_numbers(y[only], aligned(y[only], target), count)


def _of_classes(
    y: Array, target: Array, meaning: Meaning, classes: Sequence[str], count: int
) -> list[Bad]:
    truth, said = true_classes(y, target), predicted(y, meaning)
    shares = probabilities(y, meaning)
    every = of_every_class(y if shares is None else shares)
    names = classes if len(classes) == every.shape[-1] else [str(i) for i in range(every.shape[-1])]
    own = np.take_along_axis(every, truth[..., None], axis=-1)[..., 0]
    if shares is not None:
        loss = -np.log(np.maximum(own, np.finfo(np.float64).tiny))
    else:
        others = every.copy()
        np.put_along_axis(others, truth[..., None], -np.inf, axis=-1)
        loss = others.max(axis=-1) - own
    rows, loss = _largest(loss, count)
    if truth.ndim > 1:
        return [
            Bad(int(i), float(loss[i]), f"{truth[i].size} positions", _wrong(truth[i], said[i]))
            for i in rows
        ]
    confidence = every.max(axis=-1) if shares is not None else None
    return [
        Bad(int(i), float(loss[i]), names[truth[i]], _answer(names[said[i]], confidence, i))
        for i in rows
    ]


def _wrong(truth: Array, said: Array) -> str:
    return f"{int((truth != said).sum())} of them wrong"


def _answer(name: str, confidence: Array | None, row: int) -> str:
    return f"said {name}" + ("" if confidence is None else f", {100 * confidence[row]:.1f} %")


def _of_numbers(y: Array, target: Array, count: int) -> list[Bad]:
    rows, loss = _largest((y.astype(np.float64) - target) ** 2, count)
    return [
        Bad(int(i), float(loss[i]), _numbers(target[i]), f"said {_numbers(y[i])}") for i in rows
    ]


def _largest(loss: Array, count: int) -> tuple[Array, Array]:
    """Return the rows of the largest mean losses, and the mean losses of all rows."""
    means = loss.reshape(len(loss), -1).mean(axis=1)
    return np.argsort(-means, kind="stable")[:count], means


def _numbers(values: Array) -> str:
    """Return the first few numbers of a row as text."""
    flat = values.ravel()
    shown = ", ".join(f"{value:.4g}" for value in flat[:4])
    return shown + (", …" if flat.size > 4 else "")
