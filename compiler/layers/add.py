"""add: the sum of all branches."""

from __future__ import annotations

from functools import reduce
from operator import add

from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.merges import equal_branches, per_branch_entry
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(reduce(add, c.inputs), "y = Σ branches")


layer(
    LayerKind(
        name="add",
        family=Family.MERGE,
        summary="adds all branches",
        formula="y = x₁ + x₂ + …",
        example="input 4 -> [id, dense 4 relu] -> add -> dense 1; loss mse",
        shape=equal_branches,
        lower=_lower,
        step=each_entry,
        flops=per_branch_entry,
        torch="x1 + x2",
        keras="Add()",
    )
)
