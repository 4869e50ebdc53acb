"""max: the largest entry of all branches."""

from __future__ import annotations

from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.merges import equal_branches, per_branch_entry
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _lower(c: LowerContext) -> Value:
    return c.note(c.build.emit("maximum", *c.inputs), "y = max of the branches")


layer(
    LayerKind(
        name="max",
        family=Family.MERGE,
        summary="takes the maximum of all branches, elementwise",
        formula="y = max(x₁, x₂, …)",
        example="input 4 -> [dense 3, dense 3] -> max -> dense 1; loss mse",
        shape=equal_branches,
        lower=_lower,
        step=each_entry,
        flops=per_branch_entry,
        torch="torch.maximum(x1, x2)",
        keras="Maximum()",
        notes="Branches that tie share the gradient equally.",
    )
)
