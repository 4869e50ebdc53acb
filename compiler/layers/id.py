"""id: passes the value on."""

from __future__ import annotations

from ..ir.op_graph import Value
from ..ir.types import TensorType
from ..lower.context import LowerContext
from ..shapes.context import ShapeContext
from .registry import Family, LayerKind, Trailing, layer


def _shape(c: ShapeContext) -> TensorType:
    return c.input


def _lower(c: LowerContext) -> Value:
    return c.x


layer(
    LayerKind(
        name="id",
        family=Family.ACTIVATION,
        summary="passes the value on, as the short way round in a fork",
        formula="a = z",
        example="input 4 -> [id, dense 4 relu] -> add -> dense 1; loss mse",
        shape=_shape,
        lower=_lower,
        is_view=True,
        aliases=("identity",),
        trailing=Trailing.NO,
        torch="nn.Identity()",
        keras="Identity()",
    )
)
