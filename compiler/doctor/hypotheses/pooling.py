"""Wrong ways back through pools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..anatomy import Activation, Anatomy
from ..interpreter import Array, mistake
from ..interpreter.windows import put_back, under, window
from ..rewriting import Edit
from .registry import Hypothesis, Site, hypothesis

Sizes = tuple[int, ...]


@mistake
def max_pool_dx_ties(
    dy: Array, x: Array, y: Array, *, kernel: Sizes, stride: Sizes, pad: Any, ties: str
) -> Array:
    """dy at all of the largest cells of each window, at an equal share for each, or at the last."""
    at = window(x.shape[2:], kernel, stride, pad)
    columns = under(x, at, -np.inf)
    hits = columns == columns.max(axis=2, keepdims=True)
    if ties == "last":
        hits = hits & (np.cumsum(hits[:, :, ::-1], axis=2)[:, :, ::-1] == 1)
    share = hits / (hits.sum(axis=2, keepdims=True) if ties == "shared" else 1.0)
    return put_back(share * dy.reshape(*dy.shape[:2], 1, -1), at)


def ungated(anatomy: Anatomy) -> Iterator[Site]:
    """The slope of a relu before a pool is missing, and with it what hides the pool's ties.

    Where all cells of a window are 0, x == max(x) is true of all of them; the relu lets none through.
    """
    for active in anatomy.activations:
        if active.op != "relu" or anatomy.graph[active.da].op != "max_pool_dx":
            continue
        for ties in ("all", "shared"):

            def change(edit: Edit, active: Activation = active, ties: str = ties) -> None:
                edit.computed_by(active.da, "max_pool_dx_ties", ties=ties)
                edit.become(active.dz, active.da)

            name = anatomy.name_of(active.dz)
            what = f"{name} lacks the derivative of relu, so that the zeros of a window share in it"
            formulas = ("dz = da", "dz = da where z > 0, else 0")
            yield Site(active.layer, (active.dz,), what, *formulas, change, rank=1)


def _ties(anatomy: Anatomy) -> Iterator[Site]:
    for node in anatomy.graph:
        if node.op != "max_pool_dx":
            continue
        name = anatomy.name_of(node.id) or f"the gradient that {node.origin.layer} hands on"
        where = {
            "all": "all largest cells of a window, not to the first one",
            "shared": "all largest cells of a window in equal shares, not to the first one",
            "last": "the last largest cell of a window, not to the first one",
        }
        for rank, (ties, text) in enumerate(where.items()):
            formulas = ("dx += (x == y) * dy", "dx[first argmax] += dy")

            def change(edit: Edit, id: int = node.id, ties: str = ties) -> None:
                edit.computed_by(id, "max_pool_dx_ties", ties=ties)

            what = f"in {name} the gradient goes to {text}"
            yield Site(node.origin.layer, (node.id,), what, *formulas, change, rank=rank)


hypothesis(
    Hypothesis(
        slug="pool-ties",
        title="a pool's gradient goes to other cells where several are the largest",
        page="Where several cells of a window have the largest value, which behind a relu are often "
        "zeros, the gradient goes to one of them: by convention to the first. A mask x == max hands "
        "it to all of them, which is too much; shares or the last one are other conventions, neither "
        "of which is wrong where there are few ties.",
        wrong="dX += (X == Y) * dY",
        right="dX.flat[X.argmax()] += dY",
        sites=_ties,
        rank=2,
    )
)
