"""The metrics a spec asks for, measured on outputs and targets as a module gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from .metrics import confusion, is_of_classes, metric_named
from .module import Array, Arrays


def scores_of(labels: Iterable[str], y: Arrays, target: Arrays) -> dict[str, float]:
    """Every metric that is one number.

    Of several outputs each that has targets is measured by itself, as `accuracy kind`: by metrics
    of classes where its targets are classes, by the others where they are not.
    """
    scores = {}
    for label in labels:
        metric = metric_named(label)
        for name, outputs, targets in _pairs(y, target):
            if metric and (not name or is_of_classes(label) == are_classes(outputs, targets)):
                scores[f"{label} {name}".strip()] = metric(outputs, targets)
    return scores


def confusions(y: Arrays, target: Arrays) -> dict[str, Array]:
    """Counts of true against predicted classes by output; the only output is called ``""``."""
    return {
        name: confusion(outputs, targets)
        for name, outputs, targets in _pairs(y, target)
        if not name or are_classes(outputs, targets)
    }


def _pairs(y: Arrays, target: Arrays) -> Iterator[tuple[str, Array, Array]]:
    """Outputs and their targets by name; targets of inner stages have no outputs."""
    if isinstance(y, Mapping):
        targets = target if isinstance(target, Mapping) else {}
        yield from ((name, y[name], targets[name]) for name in targets if name in y)
    elif not isinstance(target, Mapping):
        yield "", y, target


def are_classes(y: Array, target: Array) -> bool:
    """Whether targets are class ids, one-hot rows, or a column of 0 and 1 (or −1 and 1)."""
    if y.shape[-1] > 1:
        if target.shape == y.shape[:-1]:
            return True
        return bool(np.isin(target, (0, 1)).all() and (target.sum(axis=-1) == 1).all())
    return any(bool(np.isin(target, pair).all()) for pair in ((0, 1), (-1, 1)))


def confusion_text(counts: Array) -> str:
    """A table of counts, a line for each true class, a column for each predicted one."""
    width = max(len(str(counts.max())), len(str(len(counts) - 1))) + 2
    head = " " * 6 + "".join(f"{c:>{width}}" for c in range(len(counts)))
    rows = (f"{i:>6}" + "".join(f"{n:>{width}}" for n in row) for i, row in enumerate(counts))
    return "\n".join([head, *rows])
