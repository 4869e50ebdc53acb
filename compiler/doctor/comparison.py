"""Comparison of an array with the right one: equal, or different in a simple way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from itertools import permutations
from math import floor, log10

import numpy as np

from .interpreter import Array

TOLERANCES = {2: 2e-2, 4: 2e-4, 8: 1e-6}
"""Tolerances relative to an array's largest entry, by the bytes of a number."""

ZERO = 1e-12
"""Size, relative to the largest gradient, below which an entry is rounding."""


MAX_AXES = 5
"""Most axes for which all permutations are tried."""

GATES = (4, 3)
"""Numbers of blocks in the last axis of a recurrent layer's parameters."""


class Kind(Enum):
    """Simple relations of a wrong array to the right one."""

    SHAPE = "shape"
    NAN = "not a number"
    ZERO = "zero"
    SIGN = "sign"
    RATIO = "ratio"
    TRANSPOSE = "transpose"
    AXES = "axes"
    BLOCKS = "blocks"
    TURNED = "turned"


@dataclass(frozen=True, slots=True)
class Relation:
    """A simple relation; for a ratio, its size and the number of agreeing digits.

    With `of_step` it holds between the steps of two parameters.
    `order` has for each axis, or block of the last axis, its number in the right array.
    """

    kind: Kind
    ratio: float = 1.0
    digits: int = 0
    of_step: bool = False
    order: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """The largest error, relative to the largest entry of the right array, and where it is."""

    right: bool
    error: float
    worst: tuple[int, ...]


def tolerance(array: Array) -> float:
    """Return the tolerance of an array's error."""
    size = np.asarray(array).dtype.itemsize if np.asarray(array).dtype.kind == "f" else 8
    return TOLERANCES.get(size, 1e-6)


@dataclass(frozen=True, slots=True)
class Measure:
    """The scale of an error, if it is not only the right array's largest entry.

    `beside` is the size of the largest related array, `own` replaces the array's own size,
    `rounding` is an absolute error that counts as rounding.
    """

    beside: float = 0.0
    own: float | None = None
    rounding: float = 0.0


PLAIN = Measure()


def compare(given: Array, want: Array, by: Measure = PLAIN) -> Comparison:
    """Compare with the right array; NaN and infinite entries must be equal."""
    if given.shape != want.shape:
        return Comparison(False, float("inf"), ())
    if not want.size:
        return Comparison(True, 0.0, ())
    apart = _apart(np.asarray(given, np.float64), want)
    finite = np.abs(want[np.isfinite(want)])
    own = float(finite.max(initial=0.0)) if by.own is None else by.own
    least = max(ZERO * by.beside, by.rounding) / tolerance(given)
    size = max(own, least, 1e-300)
    at = int(np.argmax(np.where(np.isnan(apart), np.inf, apart)))
    error = float(apart.flat[at]) / size
    error = error if error == error else float("inf")
    worst = tuple(int(i) for i in np.unravel_index(at, want.shape))
    return Comparison(error <= tolerance(given), error, worst)


def _apart(given: Array, want: Array) -> Array:
    """Return the absolute differences; 0 where both are NaN, or both the same infinity."""
    with np.errstate(invalid="ignore"):
        apart = np.abs(given - want)
    same = (np.isnan(given) & np.isnan(want)) | (given == want)
    return np.where(same, 0.0, apart)


def relation(given: Array, want: Array) -> Relation | None:
    """Return the simplest relation between a wrong array and the right one."""
    if not np.isfinite(given).all():
        return Relation(Kind.NAN)
    moved = _moved(given, want)
    if moved is not None or given.shape != want.shape:
        return moved or Relation(Kind.SHAPE)
    if not given.any():
        return Relation(Kind.ZERO)
    ratio = float((given * want).sum() / max(float((want * want).sum()), 1e-300))
    if ratio and _near(given, ratio * want):
        error = compare(given, ratio * want).error
        kind = Kind.SIGN if abs(ratio + 1) < tolerance(given) else Kind.RATIO
        return Relation(kind, ratio, digits(error))
    return _rearranged(given, want)


def _moved(given: Array, want: Array) -> Relation | None:
    """Return the relation if axes are permuted."""
    if given.ndim != want.ndim or not 2 <= given.ndim <= MAX_AXES or not given.any():
        return None
    for order in permutations(range(given.ndim)):
        turned = want.transpose(order)
        if list(order) != sorted(order) and turned.shape == given.shape and _near(given, turned):
            kind = Kind.TRANSPOSE if given.ndim == 2 else Kind.AXES
            return Relation(kind, order=order)
    return None


def _rearranged(given: Array, want: Array) -> Relation | None:
    """Return the relation if gates (blocks of the last axis) or kernel cells are permuted."""
    if given.ndim > 2 and _near(given, np.flip(want, tuple(range(2, want.ndim)))):
        return Relation(Kind.TURNED)
    for count in GATES:
        if given.ndim and given.shape[-1] % count == 0:
            blocks = np.split(want, count, axis=-1)
            head = given.reshape(-1, given.shape[-1])[:1]
            firsts = [block.reshape(-1, block.shape[-1])[:1] for block in blocks]
            for order in permutations(range(count)):
                if not _near(head, np.concatenate([firsts[k] for k in order], axis=-1)):
                    continue
                if _near(given, np.concatenate([blocks[k] for k in order], axis=-1)):
                    return Relation(Kind.BLOCKS, order=order)
    return None


def digits(error: float) -> int:
    """Return the number of agreeing digits."""
    return min(15, max(0, floor(-log10(error)))) if error > 0 else 15


def _near(given: Array, want: Array) -> bool:
    return compare(given, want).right
