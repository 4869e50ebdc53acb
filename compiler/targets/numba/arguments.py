"""What compiled kernels are given, in order, and how the functions that call them find it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Given:
    """Something besides inputs and targets that kernels are given: its name, and where it is found.

    `kept` says that the cache keeps it, `rows` that it has an entry for every row.
    """

    name: str
    type: str
    source: str
    kept: bool
    rows: bool


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of kernels: its name and type; `rows` says that it has an entry for every row.

    `forward`, `cached` and `step` are what is passed by forward, by what is given a cache, and by a
    step of training.
    """

    name: str
    type: str
    rows: bool
    forward: str
    cached: str
    step: str


def plain(name: str, type: str = "Array", rows: bool = False) -> Argument:
    """An argument that everybody passes on by its name."""
    return Argument(name, type, rows, name, name, name)


def input_arguments(names: Sequence[str]) -> list[Argument]:
    """The inputs, which the cache keeps."""
    return [Argument(n, "Array", True, n, f"c.{n}", n) for n in names]


def given_arguments(given: Sequence[Given]) -> list[Argument]:
    """Lengths, state and whether this is training, as a step always is."""
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
    """The flat arrays that kernels work in, which are the cache's."""
    return [Argument(n, "Array", False, f"c.{n}", f"c.{n}", f"c.{n}") for n in names]


def state_arguments(slots: Sequence[str]) -> list[Argument]:
    """Parameters, gradients and what the optimizer keeps, flat."""
    found = [("p", "flat_of(params)"), ("g", "g"), *((slot, slot) for slot in slots)]
    return [Argument(n, "Array", False, text, text, f"work.{n}") for n, text in found]
