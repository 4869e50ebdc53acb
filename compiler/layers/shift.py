"""shift: addition of constants."""

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
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    check_list(c, "b", last_or_channel_axis(c.input.rank))
    return c.input


def _lower(c: LowerContext) -> Value:
    b = c.arg("b")
    return c.note(c.x + along_axis(c.x, b, last_or_channel_axis(c.result.rank)), "y = x + b")


layer(
    LayerKind(
        name="shift",
        family=Family.FIXED,
        summary="adds a constant, or a separate one to each feature or channel",
        formula="y = x + b",
        example="input 784 -> shift (-0.5) -> dense 10 softmax; loss crossentropy",
        args=(positional("b", Numbers(), "the added constant: one number, or a list"),),
        shape=_shape,
        lower=_lower,
        takes_keys=True,
        step=list_along(last_or_channel_axis, "b"),
        flops=per_entry(1),
        torch="x + b",
        keras="Rescaling(1, offset=b)",
        notes="A list runs along the last axis of D and TxD and along the channels of CxHxW.",
    )
)
