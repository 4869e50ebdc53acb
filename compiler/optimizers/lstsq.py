"""optimizer lstsq: the exact least-squares solution in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..kinds.optimizer import OptimizerKind
from .registry import optimizer

if TYPE_CHECKING:
    from ..kinds.lower.updates import UpdateContext
    from ..ops.build import Value


def update(c: UpdateContext) -> Value:
    """Emit a plain gradient step, for callers of the step function."""
    return c.note(c.param - c.grad * c.rate, "p ← p − rate · g")


optimizer(
    OptimizerKind(
        name="lstsq",
        summary="the exact least-squares solution of a model that is linear in its parameters",
        formula="Φ = U S Vᵀ (singular values); W = V S⁻¹ Uᵀ T minimises |Φ W − T|²",
        example="input 1 -> poly 3 -> dense 1 bias=false; loss mse; optimizer lstsq",
        update=update,
        torch="torch.linalg.lstsq(features, target)",
        notes="The module gets `solve(x, target)`, which returns the parameters; `nnc train` calls it. "
        "Φ are the input features of the only `dense` layer, with a column of ones for its "
        "bias; layers before it must have no parameters, layers after it must be `scale`, `shift`, "
        "`normalize`, `reshape` or `flatten`, the loss `mse` or `quadratic`. Of several optimal "
        "solutions it is the one with the smallest norm. Nearly dependent features cause a warning "
        "with their condition number.",
    )
)
