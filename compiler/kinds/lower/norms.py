"""The learned gain and shift at the end of every normalisation layer."""

from __future__ import annotations

from ...ir.dims import Shape
from ...ops.build import Value
from ...ops.shape import reshape
from .context import LowerContext


def gained(c: LowerContext, hat: Value, beside: Shape) -> Value:
    """γ · x̂ + β, with γ and β reshaped to broadcast against a row of x."""
    gamma, beta = reshape(c.param("gamma"), beside), reshape(c.param("beta"), beside)
    return c.note(hat * gamma + beta, "y = γ · x̂ + β")
