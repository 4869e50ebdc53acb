"""What a generated module contains: all, what prediction needs, or the formulas; and its weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .ir.layer_graph import TypedGraph


class Contents(Enum):
    """The kinds of module; see compiler/targets/numpy/sections.py for the parts of each."""

    MODULE = "everything"
    PREDICT = "what prediction needs"
    BARE = "forward, loss, backward and sgd_step"


@dataclass(frozen=True, slots=True)
class Weights:
    """Trained weights that a module carries: their file's name, how many, and their bytes.

    `data` are the parameters in order, then the state, each array by rows, little-endian in the
    model's dtype.
    """

    file: str
    count: int
    data: bytes


SERVED = ("step",)
"""Functions on request that only predict: modules for deployment and pages may have them."""

ReadWeights = Callable[["TypedGraph"], Weights]
"""Reads the weights of a network and refuses those of another; raises UnfitWeights."""


class UnfitWeights(ValueError):
    """A file of weights that a module cannot carry; says why, and what to do."""


class CannotContain(ValueError):
    """Contents that cannot be had with other options; says why."""


def check_contents(
    contents: Contents, level: int, target: str, emit: tuple[str, ...], *, carries: bool
) -> None:
    """Refuse what does not go together; raises CannotContain."""
    if contents is Contents.BARE:
        if target != "numpy":
            raise CannotContain(
                f"--bare writes plain NumPy: it cannot be had with --target {target}"
            )
        if level:
            raise CannotContain("--bare writes formulas as -O0 has them: add -O0")
        if carries:
            raise CannotContain("--bare writes no files: it cannot be had with --params")
    left_out = [name for name in emit if name not in SERVED]
    if contents is not Contents.MODULE and left_out:
        option = "--bare" if contents is Contents.BARE else "--only predict"
        raise CannotContain(f"{option} leaves out what --emit {left_out[0]} adds: give one of them")
