"""Inputs and targets of a module, as the columns of a table are assigned to them."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from .module import Array, Module, Shape


@dataclass(frozen=True, slots=True)
class Port:
    """An input or target of a model (a port of its graph).

    `width` is the number of numbers in a row, None where it is known only at run time; `ids` says
    whether they are whole numbers used as ids, `ragged` whether rows are padded."""

    name: str
    shape: Shape
    width: int | None
    ids: bool = False
    ragged: bool = False


def inputs_of(module: Module) -> tuple[Port, ...]:
    """Return the inputs of a module, in order."""
    ids, ragged = reading_ids(module), getattr(module, "RAGGED", ())
    return tuple(
        Port(name, shape, _width(shape), name in ids, name in ragged)
        for name, shape in module.INPUTS.items()
    )


def targets_of(module: Module) -> tuple[Port, ...]:
    """Return the targets of a module, in order; empty without a loss."""
    return tuple(Port(name, shape, _width(shape)) for name, shape in module.TARGETS.items())


def _width(shape: Shape) -> int | None:
    sizes = shape[1:]
    return math.prod(map(int, sizes)) if all(isinstance(n, int) for n in sizes) else None


def reading_ids(module: Module) -> frozenset[str]:
    """Return the inputs that take whole numbers (`input 3 int`).

    A module does not declare them, but refuses real numbers with the name of the input, before any
    other check. So its functions are called again after every refusal."""
    if not hasattr(module, "forward"):
        return frozenset()
    found: set[str] = set()
    for _ in module.INPUTS:
        refused = _refused(module, found) - found
        if not refused:
            break
        found |= refused
    return frozenset(found)


def _refused(module: Module, ids: set[str]) -> set[str]:
    rows = {name: _row(shape, name in ids) for name, shape in module.INPUTS.items()}
    x: Any = rows if len(rows) > 1 else next(iter(rows.values()))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            module.forward({}, x)
    except Exception as error:  # at the latest because the parameters are missing
        said = re.match(r"(\w+): expected whole numbers", str(error))
        return {said[1]} & rows.keys() if said else set()
    return set()


def _row(shape: Shape, whole: bool) -> Array:
    sizes = [1, *(n if isinstance(n, int) else 1 for n in shape[1:])]
    return np.zeros(sizes, np.int64 if whole else np.float32)
