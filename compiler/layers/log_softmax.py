"""log_softmax: the logarithm of softmax, computed stably."""

from __future__ import annotations

from ..ir.op_graph import Value
from ..lower.context import LowerContext
from ..ops.elementwise import unary
from ..shapes.rules import over_features, per_entry
from .registry import Family, LayerKind, Trailing, layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("log_softmax", c.x), "a = z − log Σ exp(z)")


layer(
    LayerKind(
        name="log_softmax",
        family=Family.ACTIVATION,
        summary="the logarithm of softmax along the last axis, computed stably",
        formula="a = z − log Σ exp(z)",
        example="input 4 -> dense 3 log_softmax; loss crossentropy",
        shape=over_features,
        lower=_lower,
        flops=per_entry(5),
        aliases=("logsoftmax",),
        trailing=Trailing.NO,
        torch="nn.LogSoftmax(dim=-1)",
        keras="Activation('log_softmax')",
    )
)
