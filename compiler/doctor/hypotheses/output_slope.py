"""Slopes at an output that has none there, or another one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .loss import instead_of_residual, times_derivative_again
from .registry import Site

Slope = Callable[[Edit, int, int], int]


def twice_at_output(anatomy: Anatomy, op: str) -> Iterator[Site]:
    """y − t times the derivative of the output, which it has in it already."""
    for judged in anatomy.judged:
        if anatomy.graph[judged.y].op == op and judged.through:
            yield from times_derivative_again(anatomy, judged)


def of_other_function(anatomy: Anatomy, slopes: dict[str, tuple[str, Slope]]) -> Iterator[Site]:
    """y − t times the slope of a function that the output is not."""
    for judged in anatomy.judged:
        op = anatomy.graph[judged.y].op if judged.z != judged.y else ""
        if not judged.through:
            continue
        kind = f"a {op}" if op else "linear"
        for name, (formula, slope) in slopes.items():
            if name == op or (op in ("softmax", "sigmoid") and name in ("sigmoid", "relu")):
                continue

            def make(edit: Edit, j: Judged = judged, slope: Slope = slope) -> int:
                own = slope(edit, j.residual, j.y)
                return edit.emit(j.residual, "mul", edit.original(j.residual), own)

            what = f"y − t is multiplied by the derivative of {name}, but the output is {kind}"
            wrong, right = f"dz = (y − t) · {formula}", "dz = y − t"
            change = instead_of_residual(judged, make)
            yield Site(judged.layer, (judged.delta,), what, wrong, right, change, rank=1)
