"""The arguments of compiled kernels, in order, and the expressions that their callers pass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Given:
    """A kernel argument other than inputs and targets: its name, and where callers find it.

    `kept` says that the cache keeps it, `rows` that it has an entry for every row."""

    name: str
    type: str
    source: str
    kept: bool
    rows: bool


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of kernels: its name and type; `rows` says that it has an entry for every row.

    `forward`, `cached` and `step` are the expressions passed by forward, by functions of a cache,
    and by a training step."""

    name: str
    type: str
    rows: bool
    forward: str
    cached: str
    step: str


def plain(name: str, type: str = "Array", rows: bool = False) -> Argument:
    """Return an argument that all callers pass by its name."""
    return Argument(name, type, rows, name, name, name)


def input_arguments(names: Sequence[str]) -> list[Argument]:
    """Return the inputs, which the cache keeps."""
    return [Argument(n, "Array", True, n, f"c.{n}", n) for n in names]


def given_arguments(given: Sequence[Given]) -> list[Argument]:
    """Return lengths, state and the training flag, which a step always sets."""
    return [
        Argument(
            g.name,
            g.type,
            g.rows,
            g.source,
            f"c.{g.name}",
            "True" if g.name == "train" else g.source,
        )
        for g in given
    ]


def room_arguments(names: Sequence[str]) -> list[Argument]:
    """Return the flat work arrays of kernels, which belong to the cache."""
    return [Argument(n, "Array", False, f"c.{n}", f"c.{n}", f"c.{n}") for n in names]


def state_arguments(arrays: Sequence[str]) -> list[Argument]:
    """Return parameters, gradients and other arrays of the optimizer step, all flat."""
    found = [("p", "flat_of(params)"), ("g", "g"), *((name, name) for name in arrays)]
    return [Argument(n, "Array", False, text, text, f"work.{n}") for n, text in found]
