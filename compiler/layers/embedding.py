"""embedding: replaces every id by a row of a table."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.types import DType, TensorType
from ..kinds.arguments import INIT_ARG, Int, option, positional
from ..kinds.layer import Family, LayerKind, ParamSpec
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.elementwise import select
from ..ops.shape import reshape
from ..ops.source import const
from ..ops.table import take_rows
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    result = TensorType(
        (*c.input.shape, c.arg("size")), ragged=c.input.ragged, ragged_axis=c.input.ragged_axis
    )
    if c.input.dtype is DType.INT:
        _check_pad(c, result)
        return result
    raise ShapeFault(
        codes.NEEDS_IDS,
        "embedding looks up whole numbers, but real ones come in",
        here=f"needs ids, the input is {c.input}",
        help="declare the ids as whole numbers, as in `input T int`",
        result=result,
    )


def _check_pad(c: ShapeContext, result: TensorType) -> None:
    """Refuse a padding id outside the table."""
    pad, count = c.arg("pad"), c.arg("count")
    if pad is None or pad < count:
        return
    raise ShapeFault(
        codes.PAD_ID,
        f"`pad={pad}` is none of the {count} ids, which are 0 to {count - 1}",
        at="pad",
        here=f"at most {count - 1}",
        help=f"write an id below {count}, or count the padding too: {pad + 1} ids",
        result=result,
    )


def _params(c: ShapeContext) -> tuple[ParamSpec, ...]:
    count, size = c.arg("count"), c.arg("size")
    return (ParamSpec("W", (count, size), "table", c.arg("init"), count, size),)


def _lower(c: LowerContext) -> Value:
    rows, pad = take_rows(c.param("W"), c.x), c.arg("pad")
    if pad is None:
        return c.note(rows, "y = W[id]")
    c.build.describe(rows, hint=f"{c.name}_rows", formula="W[id]")
    hits = c.build.emit("equal", c.x, const(c.build, pad))
    c.build.describe(hits, hint=f"{c.name}_pad", formula="whether the id is that of padding")
    beside = reshape(hits, (*hits.type.shape, 1))
    return c.note(select(beside, const(c.build, 0.0), rows), f"y = W[id], 0 where id = {pad}")


layer(
    LayerKind(
        name="embedding",
        family=Family.WEIGHTS,
        summary="a learned vector for every id: the row of a table with that index",
        formula="y = W[id]",
        example="input T int -> embedding 1000 16 -> lstm 32 -> dense 2 softmax; loss crossentropy",
        args=(
            positional("count", Int(low=1), "number V of ids, which are 0 to V − 1"),
            positional("size", Int(low=1), "size D of an id's vector"),
            option("pad", Int(low=0), "id whose vector is zero and is not trained; default: none"),
            INIT_ARG,
        ),
        shape=_shape,
        params=_params,
        lower=_lower,
        step=each_entry,
        aliases=("embed",),
        torch="nn.Embedding(V, D, padding_idx=pad)",
        keras="Embedding(V, D), with mask_zero=True much like pad=0",
        notes="T int gives TxD, any other shape of ids likewise. Ids out of range are refused; "
        "padding may hold any. The gradients of a repeated id are added. `regularize` "
        "does not apply to W. With `pad=0` the vectors of id 0 are zero and row 0 of W gets no gradient, "
        "whatever its values are. `dense V tie=NAME` uses its transpose.",
    )
)
