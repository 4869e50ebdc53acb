"""The meaning of an output's numbers, and the probabilities that follow from them."""

from __future__ import annotations

from enum import Enum

import numpy as np

from .module import Array


class Meaning(Enum):
    """The meaning of an output's numbers, from its last activation and its loss."""

    PROBABILITIES = "the probability of each class, of which one is true"
    LOG_PROBABILITIES = "the logarithm of each class's probability"
    CLASS_LOGITS = "logits: their softmax gives the probabilities of the classes"
    SCORES = "scores of classes, the largest wins; they are no probabilities"
    SHARES = "each number is the probability of a yes, by itself"
    LOGITS = "logits: the sigmoid of each is the probability of a yes, by itself"
    NUMBERS = "numbers as they are"

    def tells_classes(self, width: int) -> bool:
        """Return whether each row of `width` numbers denotes one class, for any targets."""
        if self in (Meaning.SHARES, Meaning.LOGITS):
            return width == 1
        return self is not Meaning.NUMBERS


def probabilities(y: Array, meaning: Meaning) -> Array | None:
    """Return float64 probabilities of outputs (B, …, C), in their shape, or None."""
    wide = y.astype(np.float64)
    match meaning:
        case Meaning.PROBABILITIES | Meaning.SHARES:
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
    """Return the class of each row (B,) or position (B, T), from outputs (B, …, C).

    With several outputs, it is the index of the largest. A single output is class 1 from a
    probability of 0.5 on (or a value of 0.5 where 0 and 1 were the training targets), or from a
    logit or score of 0 on."""
    if y.shape[-1] > 1:
        best: Array = np.argmax(y, axis=-1)
        return best
    scored = meaning in (Meaning.LOGITS, Meaning.SCORES, Meaning.CLASS_LOGITS)
    return (y[..., 0] >= (0.0 if scored else 0.5)).astype(np.int64)


def of_every_class(share: Array) -> Array:
    """Return probabilities with one column for each class; one column becomes classes 0 and 1."""
    return np.concatenate([1 - share, share], axis=-1) if share.shape[-1] == 1 else share


def _softmax(z: Array) -> Array:
    powers: Array = np.exp(z - z.max(axis=-1, keepdims=True))
    shares: Array = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def _sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(−z)), with whichever of exp(−z) and exp(z) cannot overflow."""
    small = np.exp(-np.abs(z))
    shares: Array = np.where(z >= 0, 1, small) / (1 + small)
    return shares
