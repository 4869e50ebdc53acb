"""log_softmax: the logarithm of softmax, computed stably."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.elementwise import unary
from ..ops.ragged import exclude_steps
from .registry import layer


def _lower(c: LowerContext) -> Value:
    lengths, last = c.lengths_along(c.result.rank - 1), c.result.rank
    if lengths is None:
        return c.note(unary("log_softmax", c.x), "a = z − log Σ exp(z)")
    inside = unary("log_softmax", exclude_steps(c.x, lengths, last))
    c.note(inside, "a = z − log Σ exp(z) over each row's own positions")
    return c.note(c.masked(inside, last), "zeros in place of the logarithms of 0")


layer(
    LayerKind(
        name="log_softmax",
        family=Family.ACTIVATION,
        summary="the logarithm of softmax along the last axis, computed stably",
        formula="a = z − log Σ exp(z)",
        example="input 4 -> dense 3 log_softmax; loss crossentropy",
        shape=same,
        lower=_lower,
        step=each_row_of_features,
        flops=per_entry(5),
        aliases=("logsoftmax",),
        trailing=Trailing.NO,
        torch="nn.LogSoftmax(dim=-1)",
        keras="Activation('log_softmax')",
        notes="Padding of ragged rows is excluded.",
    )
)
