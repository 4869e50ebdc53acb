"""concat: the concatenation of the branches."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, shape_text
from ..ir.types import TensorType
from ..kinds.arguments import Int, option
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.merges import listed, padded_like, require_branches
from ..kinds.shapes.rules import refuse_mixing
from ..kinds.stepping.rules import counted_axis
from ..ops.build import Value
from ..ops.shape import concat
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_branches(c)
    _require_one_rank(c)
    axis = _axis(c)
    first = c.input
    for i, other in enumerate(c.inputs):
        if _others(other, axis) != _others(first, axis):
            raise _differ(c, i, f"on every axis but axis {axis}")
    if any(t.ragged and t.ragged_axis == axis for t in c.inputs):
        raise refuse_mixing(
            c, "join positions end to end", f"join another axis: `concat axis={0 if axis else -1}`"
        )
    total: Dim = 0
    for type in c.inputs:
        total = total + type.shape[axis]
    shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
    return padded_like(c, first.with_shape(shape))


def _require_one_rank(c: ShapeContext) -> None:
    for i, other in enumerate(c.inputs):
        if other.rank != c.input.rank:
            raise _differ(c, i, "in their number of axes")


def _differ(c: ShapeContext, branch: int, how: str) -> ShapeFault:
    shapes = listed([shape_text(t.shape) for t in c.inputs])
    return ShapeFault(
        codes.CONCAT_SIZES_DIFFER,
        f"concat's branches must agree {how}, but they are {shapes}",
        here="the branches do not line up",
        help=_way_out(c, branch),
        blame=branch,
    )


def _way_out(c: ShapeContext, branch: int) -> str:
    """Return advice: another axis along which the branches match, or else `flatten`."""
    one_rank = all(t.rank == c.input.rank for t in c.inputs)
    for axis in range(c.input.rank) if one_rank else ():
        if len({_others(t, axis) for t in c.inputs}) == 1:
            return f"join along axis {axis}: `concat axis={axis}`"
    if not one_rank:
        return "put `flatten` at the end of the branches with several axes"
    return f"make branch {branch + 1} like the first, {shape_text(c.input.shape)}"


def _others(type: TensorType, axis: int) -> tuple[Dim, ...]:
    return (*type.shape[:axis], *type.shape[axis + 1 :])


def _axis(c: ShapeContext) -> int:
    """Return the feature axis, counted from 0."""
    axis, rank = c.arg("axis"), c.input.rank
    if axis is None and rank == 1:
        return 0
    if axis is None:
        raise ShapeFault(
            codes.CONCAT_NEEDS_AXIS,
            f"concat must be told its axis, because {c.input} has {rank}",
            here="needs `axis=`",
            help="join the last axis with `concat axis=-1`, or the first with `concat axis=0`",
        )
    if not -rank <= axis < rank:
        raise ShapeFault(
            codes.BAD_AXIS,
            f"there is no axis {axis} in {c.input}",
            at="axis",
            here=f"feature axes count from 0 to {rank - 1}, or -1 for the last",
            help="write `axis=-1` for the last axis; the batch axis is not counted",
            replace="-1",
        )
    return int(axis) % rank


def _lower(c: LowerContext) -> Value:
    axis = c.arg("axis")
    counted = (0 if axis is None else axis) % c.result.rank
    return c.note(concat(c.inputs, counted + 1), "y = [x₁, x₂, …]")


layer(
    LayerKind(
        name="concat",
        family=Family.MERGE,
        summary="concatenates the branches along a feature axis",
        formula="y = [x₁, x₂, …]",
        example="input 4 -> [dense 3 relu, dense 5 tanh] -> concat -> dense 1; loss mse",
        args=(
            option(
                "axis",
                Int(),
                "the feature axis, from 0, or -1 for the last; may be left out "
                "if there is only one",
            ),
        ),
        shape=_shape,
        lower=_lower,
        step=counted_axis,
        torch="torch.cat([x1, x2], axis + 1)",
        keras="Concatenate(axis)",
        notes="The batch axis is not counted: on CxHxW axis 0 joins channels.",
    )
)
