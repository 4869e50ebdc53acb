"""The doctor's Python interface: a structured answer, and an assertion for tests."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

from ..source import Source
from .answer.answer import Answer
from .answer.text import text
from .examine import examine
from .intake.layout import layout_of
from .intake.naming import BadArrays
from .intake.network import Network
from .interpreter import Array
from .reference import Reference
from .sample import Sample, sample

__all__ = ["Answer", "BadArrays", "assert_gradients", "diagnose"]

SpecText = str | os.PathLike[str]
"""A spec's text, or the path of its file as a `pathlib.Path`."""

Program = Callable[[dict[str, Array], Array, Array], Mapping[str, Array]]
"""Computes gradients (and other arrays to check) from parameters, inputs and targets."""


def diagnose(
    spec: SpecText,
    arrays: Mapping[str, Array],
    *,
    map: Mapping[str, str] | None = None,
    layout: Iterable[str] = (),
    lr: float | None = None,
) -> Answer:
    """Return which arrays are wrong, and by which mistakes.

    `arrays` has the input, the target, all parameters, and the arrays to check: gradients,
    activations, the loss. Names such as X, y, W1, b1, dW1, db1, z1, a1, delta1, loss are known;
    others are given in `map` ({"v": "dense1.W"}). `layout` are words such as `columns` and
    `out-in`, if the shapes are ambiguous; `lr` is the learning rate of a step.

    The answer has `ok`, `tensors`, `diagnoses`, `unexplained`, `layout` and `to_json()`. Raises
    SpecError if the spec has errors, and BadArrays (a ValueError) if arrays are missing, do not
    fit, or are ambiguous.
    """
    words = tuple(layout)
    return examine(_source(spec), arrays, mapping=map, layout=words, rate=lr, load=_load)


def assert_gradients(
    spec: SpecText,
    given: Mapping[str, Array] | Program,
    *,
    map: Mapping[str, str] | None = None,
    layout: Iterable[str] = (),
    lr: float | None = None,
    rows: int = 8,
    seed: int = 0,
) -> None:
    """Raise AssertionError, with the diagnosis as its message, unless all arrays are right.

    `given` are arrays as for `diagnose`, or a function that computes gradients. It is called with
    a dict of parameters (W1, b1, W2, …), X and Y of `rows` samples, drawn from `seed` in the
    layout `layout`, and returns the gradients by name (W1 or dW1), and other arrays to check.
    """
    words = tuple(layout)
    if callable(given):
        made = sample(_network(spec), rows, seed, layout_of(words))
        arrays = _called(given, made)
    else:
        arrays = dict(given)
    answer = diagnose(spec, arrays, map=map, layout=words, lr=lr)
    if not answer.tensors:
        raise AssertionError("there is nothing to judge: no gradient, activation or loss is given")
    if not answer.ok:
        raise AssertionError("\n" + text(answer, file="the arrays"))


def _called(program: Program, made: Sample) -> dict[str, Array]:
    """Return the inputs and results of a program."""
    params = {name: array.copy() for name, array in made.params.items()}
    found = program(params, made.x.copy(), made.target.copy())
    return {**made.arrays(), **gradients(found, made.params)}


def gradients(found: Mapping[str, Array], params: Iterable[str]) -> dict[str, Array]:
    """Return a program's results; gradients may have the names of their parameters."""
    own = set(params)
    return {f"d{n}" if n in own else n: np.asarray(a) for n, a in found.items()}


def _network(spec: SpecText) -> Network:
    return Network(Reference.of(_source(spec), _load))


def _source(spec: SpecText) -> Source:
    if isinstance(spec, str):
        return Source("model.nn", spec)
    return Source(os.fspath(spec), Path(spec).read_text("utf-8"))


def _load(path: str, source: Source) -> Source:
    """Load an include of a spec: a file relative to it."""
    name = os.path.normpath(os.path.join(os.path.dirname(source.name), path))
    return Source(name, Path(name).read_text("utf-8"))
