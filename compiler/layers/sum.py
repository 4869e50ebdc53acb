"""sum: the sum of the entries along an axis."""

from __future__ import annotations

from ..kinds.lower.context import LowerContext
from ..ops.build import Value
from ..ops.reduction import sum_over
from .reductions import kept, place, reduction
from .registry import layer


def _lower(c: LowerContext) -> Value:
    axis, lengths = place(c)
    x = c.x if lengths is None else c.masked(c.x, axis)
    return c.note(kept(c, sum_over(x, (axis,))), "y = Σ x over the axis")


layer(
    reduction(
        name="sum",
        summary="takes the sum along an axis",
        formula="y = Σ x over the axis",
        lower=_lower,
        example="input Tx8 -> dense 4 relu -> sum axis=0 -> dense 1; loss mse",
        torch="x.sum(axis + 1)",
        keras="ops.sum(x, axis + 1)",
    )
)
