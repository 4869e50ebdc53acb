"""prelu: leaky_relu with a learned slope."""

from __future__ import annotations

from ..ir.layer_graph import Call
from ..kinds.layer import Family, LayerKind, ParamSpec, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.rules import per_entry, same
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from .registry import layer


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    quarter = Call("constant", {"v": 0.25}, c.layer.head)
    return (ParamSpec("a", (1,), "gain", quarter),)


def _lower(c: LowerContext) -> Value:
    return c.note(c.build.emit("prelu", c.x, c.param("a")), "y = z where z > 0, else a z")


layer(
    LayerKind(
        name="prelu",
        family=Family.ACTIVATION,
        summary="relu with a learned slope for negative entries",
        formula="y = z where z > 0, else a z",
        example="input 4 -> dense 8 prelu -> dense 1; loss mse",
        shape=same,
        params=_params,
        lower=_lower,
        step=each_entry,
        flops=per_entry(1),
        trailing=Trailing.NO,
        feeding_init="he",
        torch="nn.PReLU()",
        keras="PReLU(shared_axes=...)",
        notes="One slope for the whole layer, `prelu1.a`, starting at 0.25.",
    )
)
