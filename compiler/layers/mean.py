"""mean: the mean of all branches."""

from __future__ import annotations

from functools import reduce
from operator import add

from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.merges import equal_branches, per_branch_entry
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import scale
from .registry import layer


def _lower(c: LowerContext) -> Value:
    total = reduce(add, c.inputs)
    return c.note(scale(total, 1 / len(c.inputs)), "y = mean of the branches")


layer(
    LayerKind(
        name="mean",
        family=Family.MERGE,
        summary="takes the mean of all branches, elementwise",
        formula="y = (x₁ + … + xₙ) / n",
        example="input 4 -> [dense 3, dense 3] -> mean -> dense 1; loss mse",
        shape=equal_branches,
        lower=_lower,
        step=each_entry,
        flops=per_branch_entry,
        torch="torch.stack([x1, x2]).mean(0)",
        keras="Average()",
    )
)
