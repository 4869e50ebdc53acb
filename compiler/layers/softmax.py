"""softmax: converts the last axis to probabilities."""

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
    lengths = c.lengths_along(c.result.rank - 1)
    if lengths is None:
        return c.note(unary("softmax", c.x), "a = exp(z) / Σ exp(z)")
    inside = exclude_steps(c.x, lengths, c.result.rank)
    return c.note(unary("softmax", inside), "a = exp(z) / Σ exp(z) over each row's own positions")


layer(
    LayerKind(
        name="softmax",
        family=Family.ACTIVATION,
        summary="converts the entries along the last axis to probabilities that sum to 1",
        formula="a = exp(z) / Σ exp(z)",
        example="input 4 -> dense 3 softmax; loss crossentropy",
        shape=same,
        lower=_lower,
        step=each_row_of_features,
        flops=per_entry(5),
        trailing=Trailing.NO,
        torch="nn.Softmax(dim=-1)",
        keras="Softmax()",
        notes="Allowed anywhere, not only at the end. Under `loss crossentropy` it is computed "
        "together with the loss, stably. Padding of ragged rows is excluded.",
    )
)
