"""max over an axis: after a fork the same word is a merge."""

from __future__ import annotations

from ..kinds.lower.context import LowerContext
from ..ops.build import Value
from ..ops.ragged import exclude_steps
from .reductions import kept, place, reduction
from .registry import layer


def _lower(c: LowerContext) -> Value:
    axis, lengths = place(c)
    x = c.x if lengths is None else exclude_steps(c.x, lengths, axis)
    largest = c.build.emit("max", x, axes=(axis,), keepdims=False)
    return c.note(kept(c, largest), "y = max of x over the axis")


layer(
    reduction(
        name="max axis",
        summary="takes the largest entry along an axis",
        formula="y = max x over the axis",
        lower=_lower,
        example="input Tx8 -> dense 4 relu -> max axis=0 -> dense 1; loss mse",
        torch="x.amax(axis + 1)",
        keras="GlobalMaxPooling1D(), for axis=0 of TxD",
        notes="Entries that tie share the gradient equally.",
    )
)
