"""sub: the first branch minus the second."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.merges import pair, per_branch_entry
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    first, second = c.inputs
    return c.note(first - second, "y = x₁ − x₂")


layer(
    LayerKind(
        name="sub",
        family=Family.MERGE,
        summary="subtracts the second branch from the first",
        formula="y = x₁ − x₂",
        example="input 4 -> [dense 3 tanh, dense 3 tanh] -> sub -> dense 1; loss mse",
        shape=pair,
        lower=_lower,
        step=each_entry,
        flops=per_branch_entry,
        torch="x1 - x2",
        keras="Subtract()",
    )
)
