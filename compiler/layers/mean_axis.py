"""mean over an axis: after a fork the same word is a merge."""

from __future__ import annotations

from ..kinds.lower.context import LowerContext
from ..ops.build import Value
from ..ops.elementwise import scale
from ..ops.ragged import as_real
from ..ops.reduction import sum_over
from ..ops.shape import reshape
from .reductions import kept, place, reduction
from .registry import layer


def _lower(c: LowerContext) -> Value:
    axis, lengths = place(c)
    if lengths is None:
        mean = scale(sum_over(c.x, (axis,)), 1.0, c.x.type.shape[axis])
        return c.note(kept(c, mean), "y = mean of x over the axis")
    total = sum_over(c.masked(c.x, axis), (axis,))
    counts = reshape(as_real(lengths), (lengths.type.shape[0], *(1,) * (total.type.rank - 1)))
    return c.note(kept(c, total / counts), "y = Σ x / length of the row")


layer(
    reduction(
        name="mean axis",
        summary="takes the mean along an axis",
        formula="y = Σ x / n over the axis",
        lower=_lower,
        example="input Tx8 ragged -> dense 4 relu -> mean axis=0 -> dense 1; loss mse",
        torch="x.mean(axis + 1)",
        keras="GlobalAveragePooling1D(), for axis=0 of TxD",
    )
)
