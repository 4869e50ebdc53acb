"""Diagnosis of training from the loss curves of a log, without gradients.

A log has a loss for each epoch or step, and may have accuracies, losses on held-out data, and
gradient norms.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, log
from statistics import median

LEAST = 4
"""Fewest entries of a curve that can be judged."""

SAME = 0.02
"""Largest difference of losses, relative to the first one, that counts as equal."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One finding in a curve: its slug, the observation, and advice."""

    slug: str
    seen: str
    advice: str


def verdicts(curves: Mapping[str, Sequence[float]], classes: int | None = None) -> list[Verdict]:
    """Return the findings in the columns of a log, gravest first; ValueError without a loss.

    `classes` is the number of classes, if the loss is a crossentropy.
    """
    losses = _column(curves, "loss", "train_loss", "cost", "training_loss", "j")
    if losses is None:
        raise ValueError(f"no column is called loss; the columns are {', '.join(curves) or 'none'}")
    accuracy = _column(curves, "accuracy", "acc", "train_accuracy", "train_acc")
    held = _column(curves, "val_loss", "test_loss", "validation_loss")
    if len(losses) < LEAST:
        raise ValueError(f"{len(losses)} losses are too few to say anything; give at least {LEAST}")
    found = [*_broken(losses)]
    if not found:
        found = [*_still(losses, classes), *_rough(losses)]
        found += [*_frozen_accuracy(losses, accuracy), *_held_out(losses, held)]
    return found


def _column(curves: Mapping[str, Sequence[float]], *names: str) -> list[float] | None:
    plain = {name.strip().lower().replace(" ", "_"): list(v) for name, v in curves.items()}
    return next((plain[name] for name in names if name in plain), None)


def _broken(losses: list[float]) -> Iterator[Verdict]:
    """Find losses that are NaN or infinite, or diverge."""
    bad = next((i for i, loss in enumerate(losses) if not isfinite(loss)), None)
    if bad is not None:
        yield Verdict(
            "exploding",
            f"The loss is no finite number from entry {bad + 1} on.",
            "Divide the learning rate by 10. If that does not help, look for log(0), a division "
            "by zero, or exp of large numbers.",
        )
    elif losses[-1] > 2 * abs(losses[0]) and losses[-1] > 2 * min(losses):
        rising = all(b > a for a, b in itertools.pairwise(losses))
        also = "The step may go up the gradient: W += lr * dW, or a residual t - y. " * rising
        yield Verdict(
            "exploding",
            f"The loss grows, from {losses[0]:.4g} to {losses[-1]:.4g}.",
            also
            + "If the gradient is right, the step is too large: divide the learning rate by 10.",
        )


def _still(losses: list[float], classes: int | None) -> Iterator[Verdict]:
    """Find losses that do not decrease: exactly equal, or at the level of guessing."""
    if max(losses) == min(losses):
        yield Verdict(
            "no-update",
            f"The loss is {losses[0]:.6g} in every entry, to the last digit.",
            "The weights never change: the step is taken on copies, or all gradients are zero.",
        )
        return
    late = losses[len(losses) // 2 :]
    if max(late) - min(late) > SAME * abs(losses[0]):
        return
    guess = _guessing(median(late), classes)
    if guess:
        yield Verdict(
            "class-prior-plateau",
            f"The loss stays at {median(late):.4g}, which is ln {guess}: that of an output which "
            f"gives {guess} classes the same probability whatever the input is.",
            "Only the last bias has learned. Look for gradients that do not reach the weights, "
            "inputs that are all alike, or labels in another order than the inputs.",
        )
    elif median(late) > 0.7 * losses[0]:
        yield Verdict(
            "plateau",
            f"The loss hardly falls: from {losses[0]:.4g} to {losses[-1]:.4g}.",
            "Compare the gradients (`nnc doctor model.nn mine.npz`); if they are right, multiply "
            "the learning rate by 10.",
        )


def _guessing(loss: float, classes: int | None) -> int:
    """Return the number of classes whose logarithm the loss is, else 0."""
    known = [classes] if classes else [*list(range(2, 21)), 100, 1000]
    return next((n for n in known if abs(loss - log(n)) < SAME * log(n)), 0)


def _rough(losses: list[float]) -> Iterator[Verdict]:
    """Find oscillating losses: right gradients, too large a step."""
    steps = [b - a for a, b in itertools.pairwise(losses)]
    turns = sum(a * b < 0 for a, b in itertools.pairwise(steps))
    size = median(map(abs, steps))
    if turns > 0.6 * (len(steps) - 1) and size > 0.1 * abs(median(losses)):
        yield Verdict(
            "step-too-large",
            f"The loss turns round {turns} times in {len(losses)} entries, by {size:.2g} each time.",
            "The gradient is probably right and the step too large: divide the learning rate by "
            "3, then by 3 again, until the curve is smooth.",
        )


def _frozen_accuracy(losses: list[float], accuracy: list[float] | None) -> Iterator[Verdict]:
    """Find an accuracy that is constant while the loss decreases."""
    if accuracy and max(accuracy) == min(accuracy) and max(losses) > min(losses):
        yield Verdict(
            "frozen-accuracy",
            f"The accuracy is {accuracy[0]:.4g} in every entry, but the loss changes.",
            "Every row gets the same class, or the accuracy is computed wrongly: compare argmax "
            "along the classes with ids, and look for labels that are shuffled beside the inputs.",
        )


def _held_out(losses: list[float], held: list[float] | None) -> Iterator[Verdict]:
    """Find held-out losses that increase while the training losses decrease."""
    if held and len(held) >= LEAST and all(map(isfinite, held)):
        low = held.index(min(held))
        if held[-1] > 1.1 * held[low] and losses[-1] < losses[min(low, len(losses) - 1)]:
            yield Verdict(
                "overfitting",
                f"On data that are held out the loss is lowest at entry {low + 1}, and rises from "
                "then on, while that of training falls.",
                "The gradient is right. Stop there, or use more data, a penalty or dropout.",
            )
