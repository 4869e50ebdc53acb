"""id: the identity."""

from __future__ import annotations

from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    return c.input


def _lower(c: LowerContext) -> Value:
    return c.x


layer(
    LayerKind(
        name="id",
        family=Family.ACTIVATION,
        summary="the identity, as the shortcut in a fork",
        formula="a = z",
        example="input 4 -> [id, dense 4 relu] -> add -> dense 1; loss mse",
        shape=_shape,
        lower=_lower,
        step=each_entry,
        is_view=True,
        aliases=("identity",),
        trailing=Trailing.NO,
        torch="nn.Identity()",
        keras="Identity()",
    )
)
