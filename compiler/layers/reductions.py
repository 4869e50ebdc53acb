"""Shared code of the reductions over one axis of a row; padding is excluded."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.dims import Dim, product
from ..ir.types import TensorType
from ..kinds.arguments import REQUIRED, Int, option
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.axes import feature_axis, without_axis
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import require_floats
from ..kinds.stepping.rules import counted_axis
from ..ops.build import Value
from ..ops.shape import reshape

_AXIS = option("axis", Int(), "the reduced feature axis, from 0, or -1 for the last", REQUIRED)


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    return without_axis(c.input, feature_axis(c, c.arg("axis")))


def _flops(c: ShapeContext) -> Dim:
    return product(c.input.shape)


def place(c: LowerContext) -> tuple[int, Value | None]:
    """Return the axis in the full shape, and the row lengths if the axis is padded."""
    axis = c.arg("axis") % c.types[0].rank
    return axis + 1, c.lengths_along(axis)


def kept(c: LowerContext, value: Value) -> Value:
    """Keep at least one axis of a row."""
    return reshape(value, c.result.batched().shape)


def reduction(
    name: str,
    summary: str,
    formula: str,
    lower: Callable[[LowerContext], Value],
    *,
    example: str,
    torch: str,
    keras: str,
    notes: str = "",
) -> LayerKind:
    """Return a kind that reduces an axis, with the properties shared by all of them."""
    return LayerKind(
        name=name,
        family=Family.REDUCTION,
        summary=summary,
        formula=formula,
        example=example,
        args=(_AXIS,),
        shape=_shape,
        lower=lower,
        step=counted_axis,
        flops=_flops,
        torch=torch,
        keras=keras,
        notes="The batch axis is not counted. The axis is removed, or kept with size 1 if it is the "
        f"only one. Padding of ragged rows is excluded. {notes}".rstrip(),
    )
