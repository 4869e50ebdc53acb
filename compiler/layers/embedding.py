"""embedding: a row of a table for every id."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.types import DType, TensorType
from ..kinds.arguments import INIT_ARG, Int, positional
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..ops.build import Value
from ..ops.table import take_rows
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    result = TensorType(
        (*c.input.shape, c.arg("size")), ragged=c.input.ragged, ragged_axis=c.input.ragged_axis
    )
    if c.input.dtype is DType.INT:
        return result
    raise ShapeFault(
        codes.NEEDS_IDS,
        "embedding looks up whole numbers, but real ones come in",
        here=f"needs ids, the input is {c.input}",
        help="declare the ids as whole numbers, as in `input T int`",
        result=result,
    )


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    count, size = c.arg("count"), c.arg("size")
    return (ParamSpec("W", (count, size), "table", c.arg("init"), count, size),)


def _lower(c: LowerContext) -> Value:
    return c.note(take_rows(c.param("W"), c.x), "y = W[id]")


layer(
    LayerKind(
        name="embedding",
        family=Family.WEIGHTS,
        summary="a vector of its own for every id: the rows of a table that the ids name",
        formula="y = W[id]",
        example="input T int -> embedding 1000 16 -> lstm 32 -> dense 2 softmax; loss crossentropy",
        args=(
            positional("count", Int(low=1), "number V of ids, which are 0 to V − 1"),
            positional("size", Int(low=1), "size D of an id's vector"),
            INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        lower=_lower,
        aliases=("embed",),
        torch="nn.Embedding(V, D)",
        keras="Embedding(V, D)",
        notes="T int gives TxD, any other shape of ids likewise. Ids out of range are refused; "
        "padding may hold any. The gradients of an id that occurs often add up. `regularize` "
        "leaves W alone. `dense V tie=NAME` uses its transpose.",
    )
)
