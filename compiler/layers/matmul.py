"""matmul: the product of two branches as matrices, such as weights times what they weigh."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, product, shape_text
from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind, always
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.merges import require_branches
from ..kinds.shapes.products import product_type
from ..kinds.stepping.rules import SUM_UP, needs_all_positions
from ..ops.attention import row_products
from ..ops.build import Value
from ..ops.lengths import lengths_before
from ..ops.ragged import mask_steps
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_branches(c, exactly=2)
    a, b = c.inputs
    if a.rank not in (1, 2) or b.rank != 2 or a.shape[-1] != b.shape[0]:
        raise _unfit(a, b)
    return product_type(a, b)


def _unfit(a: TensorType, b: TensorType) -> ShapeFault:
    first, second = shape_text(a.shape), shape_text(b.shape)
    turned = b.rank == 2 and a.shape[-1] == b.shape[1]
    dot = turned and a.shape != b.shape
    help = "end the first branch in as many features as the second has positions"
    if turned:
        help = "write `dot`" if dot else "put `transpose` behind the second branch"
    return ShapeFault(
        codes.MATMUL_SIZES,
        f"matmul needs TxK and KxM, but the branches are {first} and {second}",
        here=f"the last axis of {first} must be the first of {second}",
        help=help,
        replace="dot" if dot else "",
        blame=1,
    )


def _lower(c: LowerContext) -> Value:
    a, b = c.inputs
    lengths = lengths_before(c.build, (_last(c, 0), _rows(c, 1)))
    if lengths is not None:
        b = mask_steps(b, lengths, 1)
        c.build.describe(b, hint=f"{c.name}_inside", formula="zeros in place of padding")
    return c.note(row_products(a, b), "y = x₁ x₂ of every row")


def _rows(c: LowerContext, branch: int) -> Value | None:
    """The lengths along the first axis of a branch."""
    type = c.types[branch]
    return c.each_lengths[branch] if type.ragged and type.ragged_axis == 0 else None


def _last(c: LowerContext, branch: int) -> Value | None:
    """The lengths along the last axis of a branch."""
    type = c.types[branch]
    if type.keys:
        return c.each_keys[branch]
    return c.each_lengths[branch] if type.ragged and type.ragged_axis == type.rank - 1 else None


def _lengths(c: LowerContext) -> Value | None:
    rows = _rows(c, 0) if c.types[0].rank == 2 else None
    return _last(c, 1) if rows is None else rows


def _keys(c: LowerContext) -> Value | None:
    return _last(c, 1)


def _flops(c: ShapeContext) -> Dim:
    return 2 * product(c.inputs[0].shape) * c.inputs[1].shape[1]


layer(
    LayerKind(
        name="matmul",
        family=Family.MERGE,
        summary="the matrix product of two branches, one a row, such as weights times what they weigh",
        formula="y[t, m] = Σₖ x₁[t, k] x₂[k, m]",
        example="input Tx6 as query; input Lx6 ragged as memory; "
        "[query, memory] -> dot -> softmax as weights; "
        "[weights, memory] -> matmul -> dense 3; loss mse",
        shape=_shape,
        lower=_lower,
        lengths=_lengths,
        keys=_keys,
        own_lengths=always,
        step=needs_all_positions("reads all positions of the second branch", SUM_UP),
        takes_keys=True,
        flops=_flops,
        aliases=("bmm",),
        torch="torch.matmul(x1, x2)",
        keras="ops.matmul(x1, x2)",
        notes="TxK and KxM give TxM, K and KxM give M. Padding along the shared axis takes no part, so "
        "the weights of a padded memory sum up what it really holds.",
    )
)
