"""poly: the powers of every feature."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.arguments import Int, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import refuse_ragged_features, require_features
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.shape import powers, reshape
from .registry import layer

MAX_DEGREE = 10_000
"""Higher powers are practically 0 or infinite; the gradient's factors 1 … N are a constant."""


def _shape(c: ShapeContext) -> TensorType:
    size = require_features(c)
    refuse_ragged_features(c)
    return c.input.with_shape((*c.input.shape[:-1], size * (c.arg("degree") + 1)))


def _lower(c: LowerContext) -> Value:
    stacked = powers(c.x, c.arg("degree"))
    return c.note(reshape(stacked, c.result.batched().shape), "y = x⁰, x¹, …, xᴺ of each feature")


def _flops(c: ShapeContext) -> Dim:
    return product(c.input.shape) * max(int(c.arg("degree")) - 1, 0)


layer(
    LayerKind(
        name="poly",
        family=Family.FIXED,
        summary="the powers 0 to N of every feature, so that a linear layer fits a polynomial",
        formula="y = x⁰, x¹, …, xᴺ for each feature in turn",
        example="input 1 -> poly 3 -> dense 1 bias=false; loss mse",
        args=(positional("degree", Int(0, MAX_DEGREE), "the highest power"),),
        shape=_shape,
        lower=_lower,
        step=each_row_of_features,
        flops=_flops,
        torch="torch.stack([x**k for k in range(N + 1)], -1).flatten(-2)",
        keras="Lambda(...)",
        notes="D gives D·(N+1) features: all powers of the first feature, then of the second, … "
        "The power 0 is a constant 1, so a dense layer after it needs no bias.",
    )
)
