"""dot: the scalar product of two branches."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.merges import pair
from ..kinds.stepping.rules import each_row_of_features
from ..ops.build import Value
from ..ops.reduction import sum_over
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    type = pair(c)
    shape, last = (*type.shape[:-1], 1), type.rank - 1
    if type.ragged and type.ragged_axis == last:
        return TensorType(shape, type.dtype)
    return type.with_shape(shape)


def _lower(c: LowerContext) -> Value:
    first, second = c.inputs
    last, products = first.type.rank - 1, first * second
    if c.lengths_along(last - 1) is not None:
        products = c.masked(products, last)
    return c.note(sum_over(products, (last,), keepdims=True), "y = Σ x₁ x₂")


def _flops(c: ShapeContext) -> Dim:
    return 2 * product(c.input.shape)


layer(
    LayerKind(
        name="dot",
        family=Family.MERGE,
        summary="the scalar product of two branches over their last axis",
        formula="y = Σ x₁ x₂",
        example="input 8 as a -> dense 4 as p; input 8 as b -> dense 4 as q; "
        "[p, q] -> dot -> sigmoid; loss bce",
        shape=_shape,
        lower=_lower,
        step=each_row_of_features,
        flops=_flops,
        torch="(x1 * x2).sum(-1, keepdim=True)",
        keras="Dot(axes=-1)",
        notes="D gives 1, TxD gives Tx1. Padding of ragged rows is excluded: DxT gives Dx1, the "
        "sums over each row's own positions.",
    )
)
