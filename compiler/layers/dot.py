"""dot: the scalar product of two branches."""

from __future__ import annotations

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.axes import permuted
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.merges import pair, require_branches
from ..kinds.shapes.products import product_type
from ..kinds.stepping.context import LooksAhead, StepContext, Stepped, step_rule
from ..kinds.stepping.rules import SUM_UP, each_row_of_features
from ..ops.attention import row_products, transposed
from ..ops.build import Value
from ..ops.reduction import sum_over
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_branches(c, exactly=2)
    if not crosses(c.inputs):
        type = pair(c)
        shape, last = (*type.shape[:-1], 1), type.rank - 1
        if type.ragged and type.ragged_axis == last:
            return TensorType(shape, type.dtype)
        return type.with_shape(shape)
    return product_type(*_as_matrices(c.inputs))


def crosses(types: tuple[TensorType, ...]) -> bool:
    """Whether every position of one branch meets every one of the other: TxD and LxD, D and LxD."""
    first, second = types
    ranks = {first.rank, second.rank}
    alike = first.shape[-1] == second.shape[-1] and first.shape != second.shape
    ends = any(t.ragged and t.ragged_axis == t.rank - 1 for t in types)
    return alike and not ends and ranks in ({2}, {1, 2})


def _as_matrices(types: tuple[TensorType, ...]) -> tuple[TensorType, TensorType]:
    """The operands of the product: a vector first, and the other one transposed."""
    first, second = types if types[1].rank == 2 else types[::-1]
    return first, permuted(second, (1, 0))


def _lower(c: LowerContext) -> Value:
    if crosses(c.types):
        first, second = c.inputs if c.types[1].rank == 2 else c.inputs[::-1]
        return c.note(row_products(first, transposed(second)), "y = x₁ · x₂ of all positions")
    first, second = c.inputs
    last, products = first.type.rank - 1, first * second
    if c.lengths_along(last - 1) is not None:
        products = c.masked(products, last)
    return c.note(sum_over(products, (last,), keepdims=True), "y = Σ x₁ x₂")


def _lengths(c: LowerContext) -> Value | None:
    if not crosses(c.types):
        return c.lengths
    first, second = c.each_lengths if c.types[1].rank == 2 else c.each_lengths[::-1]
    return second if first is None else first


def _keys(c: LowerContext) -> Value | None:
    return c.each_lengths[1]


def _flops(c: ShapeContext) -> Dim:
    if crosses(c.inputs):
        return 2 * product(c.inputs[0].shape) * product(c.inputs[1].shape[:-1])
    return 2 * product(c.input.shape)


@step_rule("every position by itself, if the branches have equal shapes")
def _step(c: StepContext) -> Stepped:
    if crosses(c.types):
        raise LooksAhead("dot meets all positions of the other branch", help=SUM_UP)
    return each_row_of_features(c)


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
        lengths=_lengths,
        keys=_keys,
        own_lengths=crosses,
        step=_step,
        flops=_flops,
        torch="(x1 * x2).sum(-1, keepdim=True)",
        keras="Dot(axes=-1)",
        notes="Equal shapes: D gives 1, TxD gives Tx1, each position with the same position. TxD and "
        "LxD give TxL, D and LxD give L: all pairs of positions, as the scores of queries against a "
        "memory; a `softmax` after it excludes the memory's padding. Padding of ragged rows is "
        "excluded: DxT gives Dx1, the sums over each row's own positions.",
    )
)
