"""What the numbers of an output mean, and the probabilities that follow from them."""

from __future__ import annotations

from enum import Enum

import numpy as np

from .module import Array


class Meaning(Enum):
    """What an output's numbers are, as its last activation and its loss say."""

    PROBABILITIES = "a probability for each class; one number is that of class 1"
    LOG_PROBABILITIES = "the logarithm of each class's probability"
    CLASS_LOGITS = "logits: their softmax gives the probabilities of the classes"
    LOGITS = "logits: the sigmoid of each is a probability"
    SCORES = "scores of classes, the largest wins; they are no probabilities"
    NUMBERS = "numbers as they are"

    @property
    def of_classes(self) -> bool:
        """Whether the output speaks of classes at all."""
        return self is not Meaning.NUMBERS


def probabilities(y: Array, meaning: Meaning) -> Array | None:
    """Probabilities in float64 from outputs (B, …, C) of the same shape; None where there are none."""
    wide = y.astype(np.float64)
    match meaning:
        case Meaning.PROBABILITIES:
            return wide
        case Meaning.LOG_PROBABILITIES:
            return np.exp(wide)
        case Meaning.CLASS_LOGITS:
            return _softmax(wide)
        case Meaning.LOGITS:
            return _sigmoid(wide)
        case _:
            return None


def predicted(y: Array, meaning: Meaning) -> Array:
    """The class of each row (B,) or position (B, T), from outputs (B, …, C).

    The largest of several outputs. A lone output is class 1 from a probability of 0.5 on, or from a
    score of 0 on.
    """
    if y.shape[-1] > 1:
        best: Array = np.argmax(y, axis=-1)
        return best
    share = probabilities(y, meaning)
    one = y[..., 0] >= 0 if share is None else share[..., 0] >= 0.5
    return one.astype(np.int64)


def of_every_class(share: Array) -> Array:
    """Probabilities with one column for each class: of one column, those of class 0 and 1."""
    return np.concatenate([1 - share, share], axis=-1) if share.shape[-1] == 1 else share


def _softmax(z: Array) -> Array:
    powers: Array = np.exp(z - z.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _sigmoid(z: Array) -> Array:
    """1 / (1 + exp(−z)), by whichever of exp(−z) and exp(z) cannot overflow."""
    small = np.exp(-np.abs(z))
    shares: Array = np.where(z >= 0, 1, small) / (1 + small)
    return shares
