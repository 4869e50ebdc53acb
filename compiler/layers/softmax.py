"""softmax: turns the last axis into probabilities."""

from __future__ import annotations

from ..ir.op_graph import Value
from ..lower.context import LowerContext
from ..ops.elementwise import unary
from ..shapes.rules import over_features, per_entry
from .registry import Family, LayerKind, Trailing, layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("softmax", c.x), "a = exp(z) / Σ exp(z)")


layer(
    LayerKind(
        name="softmax",
        family=Family.ACTIVATION,
        summary="turns the entries along the last axis into probabilities that sum to 1",
        formula="a = exp(z) / Σ exp(z)",
        example="input 4 -> dense 3 softmax; loss crossentropy",
        shape=over_features,
        lower=_lower,
        flops=per_entry(5),
        trailing=Trailing.NO,
        torch="nn.Softmax(dim=-1)",
        keras="Softmax()",
        notes="May stand anywhere, not only at the end. Under `loss crossentropy` it is computed "
        "together with the loss, stably.",
    )
)
