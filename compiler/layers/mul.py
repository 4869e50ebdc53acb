"""mul: the product of all branches."""

from __future__ import annotations

from functools import reduce
from operator import mul

from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.merges import equal_branches, per_branch_entry
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(reduce(mul, c.inputs), "y = Π branches")


layer(
    LayerKind(
        name="mul",
        family=Family.MERGE,
        summary="multiplies all branches elementwise",
        formula="y = x₁ · x₂ · …",
        example="input 4 -> [dense 3, dense 3 sigmoid] -> mul -> dense 1; loss mse",
        shape=equal_branches,
        lower=_lower,
        step=each_entry,
        flops=per_branch_entry,
        torch="x1 * x2",
        keras="Multiply()",
    )
)
