"""scale: multiplication by constants."""

from __future__ import annotations

from ..ir.types import TensorType
from ..kinds.arguments import Numbers, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.along import along_axis
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.lists import check_list, last_or_channel_axis
from ..kinds.shapes.rules import per_entry, require_floats
from ..kinds.stepping.rules import list_along
from ..ops.build import Value
from ..ops.elementwise import scale
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    check_list(c, "a", last_or_channel_axis(c.input.rank))
    return c.input


def _lower(c: LowerContext) -> Value:
    a = c.arg("a")
    if not isinstance(a, tuple):
        return c.note(scale(c.x, a), f"y = {a:g} x")
    return c.note(c.x * along_axis(c.x, a, last_or_channel_axis(c.result.rank)), "y = a x")


layer(
    LayerKind(
        name="scale",
        family=Family.FIXED,
        summary="multiplies by a constant, or each feature or channel by a separate one",
        formula="y = a x",
        example="input 3 -> scale [1, 0.5, 0.1] -> dense 1; loss mse",
        args=(positional("a", Numbers(), "the factor: one number, or a list"),),
        shape=_shape,
        lower=_lower,
        takes_keys=True,
        step=list_along(last_or_channel_axis, "a"),
        flops=per_entry(1),
        torch="x * a",
        keras="Rescaling(a)",
        notes="A list runs along the last axis of D and TxD and along the channels of CxHxW.",
    )
)
