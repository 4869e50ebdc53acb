"""The end of every layer that normalises: a learned gain and shift."""

from __future__ import annotations

from ...ir.dims import Shape
from ...ops.build import Value
from ...ops.shape import reshape
from .context import LowerContext


def gained(c: LowerContext, hat: Value, beside: Shape) -> Value:
    """γ · x̂ + β, both brought into a shape that broadcasts against a row of x."""
    gamma, beta = reshape(c.param("gamma"), beside), reshape(c.param("beta"), beside)
    return c.note(hat * gamma + beta, "y = γ · x̂ + β")
