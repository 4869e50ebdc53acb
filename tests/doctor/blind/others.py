"""Programs of other layers than dense ones: bases with tables of shapes, and mistakes in lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .case import CORRECT, SINGLE, Case, patched, seed_of
from .oracle import Arrays, differs, finite_differences


@dataclass(frozen=True, slots=True)
class Other:
    """A right program; `right` gives its values, `shapes` are those of its parameters."""

    key: str
    right: Callable[[Arrays, np.ndarray, np.ndarray], Arrays]
    spec: str
    input: tuple[int, ...]
    classes: int
    shapes: dict[str, tuple[int, ...]]
    ret: str
    source: str
    note: str = ""


def case(of: Other, name: str, kind: str = "correct", truth: str = "correct", *lines: str) -> None:
    """A case of `of`, right where no lines are exchanged."""
    source = patched(of.source.lstrip("\n"), *lines)
    seed = seed_of(f"{of.key}__{name}")

    def arrays() -> Arrays:
        space = {**_data(of, seed), "np": np}
        exec(compile(source, of.key, "exec"), space)
        return {n: np.array(space[n]) for n in of.ret.split()}

    def wrong(got: Arrays) -> list[str]:
        return _wrong(of, _data(of, seed), got)

    made = Case(f"{of.key}__{name}", of.spec, arrays, truth, kind, source, of.note, (), wrong)
    (SINGLE if lines else CORRECT).append(made)


def _data(of: Other, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=of.input)
    space = {"X": x, "y": np.eye(of.classes)[rng.integers(0, of.classes, len(x))]}
    for name, shape in of.shapes.items():
        space[name] = rng.normal(size=shape) * (0.3 if len(shape) == 1 else 0.5)
    return space


def _wrong(of: Other, p: Arrays, got: Arrays) -> list[str]:
    x, y = p["X"], p["y"]
    right = {**p, **of.right(p, x, y)}
    for name in got.keys() - right.keys():
        right[name] = finite_differences(lambda: of.right(p, x, y)["loss"], p[name[1:]])
    return [name for name in got if differs(got[name], right[name], 1e-4)]
