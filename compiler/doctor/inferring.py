"""Inference of a chain of dense layers from the shapes of weights, without a spec."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .intake.naming import BadArrays
from .intake.words import Kind, read
from .interpreter import Array


@dataclass(frozen=True, slots=True)
class Inferred:
    """A spec that fits, with a description of its basis and of its guesses."""

    spec: str
    reasons: tuple[str, ...]


def infer(arrays: Mapping[str, Array]) -> Inferred:
    """Propose a chain for weights such as W1 and W2, in (in, out) or (out, in).

    Raises BadArrays if no chain of dense layers fits.
    """
    weights = _weights(arrays)
    if not weights:
        raise BadArrays("there are no matrices called W1, W2, ... among the arrays")
    shapes = [arrays[name].shape for name in weights]
    width = _width(arrays, Kind.INPUT)
    ways = [shapes, [shape[::-1] for shape in shapes]]
    fitting = [way for way in ways if _is_chain(way)]
    fitting = [way for way in fitting if not width or width == way[0][0]] or fitting[:1]
    if not fitting:
        text = ", ".join(f"{n} {s}" for n, s in zip(weights, shapes, strict=True))
        raise BadArrays(f"no chain of dense layers has the weights {text}")
    chain = fitting[0]
    hidden, why = _hidden(arrays)
    last, loss, because = _end(arrays, chain[-1][1])
    acts = [hidden] * (len(chain) - 1) + [last]
    bias = any((w := read(n)) and w.kind is Kind.BIAS and not w.gradient for n in arrays)
    option = "" if bias else " bias=false"
    stages = [f"dense {n}{option} {a}".strip() for (_, n), a in zip(chain, acts, strict=True)]
    spec = f"input {chain[0][0]} -> {' -> '.join(stages)}\nloss {loss}\n"
    return Inferred(spec, (f"widths from {', '.join(weights)}", why, because))


def _weights(arrays: Mapping[str, Array]) -> list[str]:
    """Return the names of the weights in the order of their numbers."""
    found = []
    for name, array in arrays.items():
        word = read(name)
        own = word and word.kind is Kind.WEIGHT and not word.gradient and not word.after
        if word and own and array.ndim == 2:
            number = re.search(r"\d+", name)
            place = {"first": 0, "": 1, "last": 2}[word.place]
            found.append((int(number[0]) if number else 0, place, name))
    return [name for *_, name in sorted(found)]


def _is_chain(shapes: list[tuple[int, ...]]) -> bool:
    return all(a[1] == b[0] for a, b in itertools.pairwise(shapes))


def _width(arrays: Mapping[str, Array], kind: Kind) -> int:
    """Return the number of input features if it is unambiguous, else 0."""
    weights = [arrays[name].shape for name in _weights(arrays)]
    ends = {n for shape in weights[:1] for n in shape}
    for name, array in arrays.items():
        word = read(name)
        if word and word.kind is kind and not word.gradient and array.ndim == 2:
            fitting = [n for n in array.shape if n in ends]
            return fitting[0] if len(fitting) == 1 else 0
    return 0


def _hidden(arrays: Mapping[str, Array]) -> tuple[str, str]:
    """Return the activation of the hidden layers, inferred from the range of given arrays."""
    for name, array in arrays.items():
        word = read(name)
        if word and word.kind is Kind.A and not word.gradient and array.size and array.ndim == 2:
            if array.min() < 0:
                return "tanh", f"tanh since {name} has entries below zero"
            if (array == 0).any() or array.max() > 1:
                return "relu", f"relu since {name} has zeros or entries above 1"
            return "sigmoid", f"sigmoid since all of {name} is between 0 and 1"
    return "sigmoid", "sigmoid is a guess: no activation of a hidden layer is given"


def _end(arrays: Mapping[str, Array], width: int) -> tuple[str, str, str]:
    """Return the last activation and the loss, inferred from the target."""
    for name, array in arrays.items():
        word = read(name)
        if word and word.kind in (Kind.TARGET, Kind.Y) and not word.gradient and array.size:
            if not np.isin(array, (0, 1)).all() and not (width > 1 and array.size == len(array)):
                return "", "mse", f"mse since {name} has other numbers than 0 and 1"
            if width == 1:
                return "sigmoid", "bce", f"bce since {name} has only 0 and 1"
            return "softmax", "crossentropy", f"crossentropy since {name} are classes"
    return "", "mse", "mse is a guess: no target is given"
