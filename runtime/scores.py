"""The metrics of a spec, measured on outputs and targets as a module gives them.

A metric that cannot be computed is nan and is reported; it never ends a training."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np

from .metrics import Metric, are_classes, confusion, is_of_classes, metric_named, split_label
from .module import Array, Arrays

LOSSES_OF_CLASSES = frozenset({"crossentropy", "hinge", "kl"})
"""Losses whose targets always denote classes, at least as probabilities."""

LOSSES_OF_DISTANCE = frozenset({"mse", "quadratic", "mae", "huber"})
"""Losses of distance: an output of 1.2 with a target of 1 is close to it, not a logit."""

Pair = tuple[str, Array, Array, Array | None]
"""An output's name, its values, its targets, and weights in the targets' shape where rows have any."""

Tell = Callable[[str], None]


def scores_of(
    labels: Iterable[str],
    y: Arrays,
    target: Arrays,
    losses: Iterable[str] = (),
    tell: Tell = lambda _: None,
    weights: Arrays | None = None,
) -> dict[str, float]:
    """Return every scalar metric; nan where it cannot be computed, with the reason sent to `tell`.

    `losses` are the kinds of loss that judge the outputs. With several outputs, each one that has
    targets is measured separately, as `accuracy kind`: with metrics of classes where its targets
    are classes, with the others where they are not (or where no other output is left). `weights`
    has the shapes of the targets: how much every row counts."""
    kinds = frozenset(losses)
    pairs = list(_pairs(y, target, weights))
    scores = {}
    for label in labels:
        metric = metric_named(label)
        if metric is None:
            continue
        base, output = split_label(label)
        suited, why = _suited(label, _only(output, pairs), kinds)
        if not suited:
            scores[label] = math.nan
            tell(f"metric {label} is not measured: {why}")
        for name, outputs, targets, each in suited:
            said = f"{base} {name}".strip()
            judged = (_scaled(outputs, targets, kinds), targets, each)
            scores[said] = _score(said, metric, judged, tell)
    return scores


def confusions(
    y: Arrays, target: Arrays, losses: Iterable[str] = (), tell: Tell = lambda _: None
) -> dict[str, Array]:
    """Return counts of true against predicted classes by output; ``""`` names a single output."""
    counts = {}
    for name, outputs, targets, _ in class_pairs(y, target, losses, tell):
        try:
            counts[name] = confusion(outputs, targets)
        except (ValueError, IndexError) as error:
            tell(f"metric confusion cannot be computed: {error}")
    return counts


def class_pairs(
    y: Arrays, target: Arrays, losses: Iterable[str] = (), tell: Tell = lambda _: None
) -> list[Pair]:
    """Return the outputs with class targets, and the targets, by name (``""`` if single)."""
    kinds = frozenset(losses)
    suited, why = _suited("confusion", list(_pairs(y, target)), kinds)
    if not suited:
        tell(f"metric confusion is not measured: {why}")
    return [(name, _scaled(outputs, t, kinds), t, each) for name, outputs, t, each in suited]


def _only(output: str, pairs: list[Pair]) -> list[Pair]:
    """Return the pairs of an output, all without a name; a single output has none in its pair."""
    return [pair for pair in pairs if not output or pair[0] in ("", output)]


def _suited(label: str, pairs: list[Pair], kinds: frozenset[str]) -> tuple[list[Pair], str]:
    """Return the outputs that a metric applies to, or the reason why there are none."""
    if not pairs:
        return [], "no output can be told to belong to the targets"
    classes = [p for p in pairs if _judges_classes(p, kinds)]
    if split_label(label)[0] == "confusion" or is_of_classes(label):
        return classes, (
            "it compares classes, and the targets are numbers (classes are ids, rows with a "
            "single 1, or 0 and 1 for one output)"
        )
    numbers = [p for p in pairs if p[1].size == p[2].size]
    others = [p for p in numbers if not _judges_classes(p, kinds)]
    return others or numbers, "it compares numbers, and the targets are class ids"


def _judges_classes(pair: Pair, kinds: frozenset[str]) -> bool:
    _, y, target, _ = pair
    return bool(kinds and kinds <= LOSSES_OF_CLASSES) or are_classes(y.shape, target)


def _scaled(y: Array, target: Array, kinds: frozenset[str]) -> Array:
    """Clip outputs of width 1 that were trained on 0 and 1, so that classes divide at 0.5."""
    near = kinds and kinds <= LOSSES_OF_DISTANCE and y.shape[-1] == 1
    return np.clip(y, 0, 1) if near and np.isin(target, (0, 1)).all() else y


def _score(
    said: str, metric: Metric, judged: tuple[Array, Array, Array | None], tell: Tell
) -> float:
    try:
        with np.errstate(all="ignore"):
            value = metric(*judged)
    except (ValueError, IndexError) as error:
        tell(f"metric {said} cannot be computed: {error}")
        return math.nan
    if not math.isfinite(value):
        alike = " (targets that are all alike have no spread)" if said.startswith("r2") else ""
        tell(f"metric {said} has no value here{alike}")
    return value


def _pairs(y: Arrays, target: Arrays, weights: Arrays | None = None) -> Iterator[Pair]:
    """Yield outputs, their targets and weights by name; targets of inner stages have no outputs.

    A single target with several outputs belongs to the one whose shape it fits."""
    if isinstance(target, Mapping):
        own = weights if isinstance(weights, Mapping) else {}
        if isinstance(y, Mapping):
            yield from ((n, y[n], target[n], own.get(n)) for n in target if n in y)
        return
    single = None if isinstance(weights, Mapping) else weights
    if isinstance(y, Mapping):
        fitting = [name for name, array in y.items() if _fits(array, target)]
        if len(fitting) == 1:
            yield fitting[0], y[fitting[0]], target, single
    else:
        yield "", y, target, single


def _fits(y: Array, target: Array) -> bool:
    return target.shape == y.shape or (y.shape[-1] > 1 and target.shape == y.shape[:-1])


def confusion_text(counts: Array) -> str:
    """Return counts as text: a line for each true class, a column for each predicted one."""
    width = max(len(str(counts.max())), len(str(len(counts) - 1))) + 2
    head = " " * 6 + "".join(f"{c:>{width}}" for c in range(len(counts)))
    rows = (f"{i:>6}" + "".join(f"{n:>{width}}" for n in row) for i, row in enumerate(counts))
    return "\n".join([head, *rows])
