"""softsign: maps every entry to (−1, 1), with slower saturation than tanh."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import unary
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(unary("softsign", c.x), "a = z / (1 + |z|)")


layer(
    LayerKind(
        name="softsign",
        family=Family.ACTIVATION,
        summary="maps every entry to (−1, 1), with slower saturation than tanh",
        formula="a = z / (1 + |z|)",
        example="input 4 -> dense 8 softsign -> dense 1; loss mse",
        shape=same,
        lower=_lower,
        step=each_entry,
        flops=per_entry(3),
        trailing=Trailing.NO,
        torch="nn.Softsign()",
        keras="Activation('softsign')",
    )
)
