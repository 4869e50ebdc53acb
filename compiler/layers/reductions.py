"""sum, mean and max over an axis: the reductions. `mean` and `max` after a fork are merges."""

from __future__ import annotations

from collections.abc import Callable

from ..ir.dims import Dim, product
from ..ir.op_graph import Value
from ..ir.types import TensorType
from ..lower.context import LowerContext
from ..ops.elementwise import scale
from ..ops.ragged import as_real, exclude_steps
from ..ops.reduction import sum_over
from ..ops.shape import reshape
from ..shapes.axes import feature_axis, without_axis
from ..shapes.context import ShapeContext
from ..shapes.rules import require_floats
from .registry import REQUIRED, Family, Int, LayerKind, layer, option

_AXIS = option(
    "axis", Int(), "the feature axis that goes, from 0, or -1 for the last", REQUIRED
)


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    return without_axis(c.input, feature_axis(c, c.arg("axis")))


def _flops(c: ShapeContext) -> Dim:
    return product(c.input.shape)


def _place(c: LowerContext) -> tuple[int, Value | None]:
    """The axis of the whole shape, and the rows' lengths if padding lies along it."""
    axis = c.arg("axis") % c.types[0].rank
    padded = c.types[0].ragged and axis == c.types[0].ragged_axis
    return axis + 1, c.lengths if padded else None


def _sum(c: LowerContext) -> Value:
    axis, lengths = _place(c)
    x = c.x if lengths is None else c.masked(c.x, axis)
    return c.note(_kept(c, sum_over(x, (axis,))), "y = Σ x over the axis")


def _mean(c: LowerContext) -> Value:
    axis, lengths = _place(c)
    if lengths is None:
        mean = scale(sum_over(c.x, (axis,)), 1.0, c.x.type.shape[axis])
        return c.note(_kept(c, mean), "y = mean of x over the axis")
    total = sum_over(c.masked(c.x, axis), (axis,))
    counts = reshape(as_real(lengths), (lengths.type.shape[0], *(1,) * (total.type.rank - 1)))
    return c.note(_kept(c, total / counts), "y = Σ x / length of the row")


def _max(c: LowerContext) -> Value:
    axis, lengths = _place(c)
    x = c.x if lengths is None else exclude_steps(c.x, lengths, axis)
    largest = c.build.emit("max", x, axes=(axis,), keepdims=False)
    return c.note(_kept(c, largest), "y = max of x over the axis")


def _kept(c: LowerContext, value: Value) -> Value:
    """A row keeps one axis at least."""
    return reshape(value, c.result.batched().shape)


def _reduction(
    name: str, summary: str, formula: str, lower: Callable[[LowerContext], Value], example: str
) -> None:
    word = name.partition(" ")[0]
    torch = {"max": "x.amax(axis + 1)"}.get(word, f"x.{word}(axis + 1)")
    keras = {"max": "GlobalMaxPooling1D()", "mean": "GlobalAveragePooling1D()"}
    layer(
        LayerKind(
            name=name,
            family=Family.REDUCTION,
            summary=summary,
            formula=formula,
            example=example,
            args=(_AXIS,),
            shape=_shape,
            lower=lower,
            flops=_flops,
            torch=torch,
            keras=f"{keras[word]}, for axis=0 of TxD" if word in keras else "ops.sum(x, axis + 1)",
            notes="The batch axis is not counted; the axis goes, and a lone one stays with one "
            "entry. Padding of ragged rows takes no part."
            + (" Entries that tie share the gradient equally." if word == "max" else ""),
        )
    )


_reduction(
    "sum",
    "adds up along an axis",
    "y = Σ x over the axis",
    _sum,
    "input Tx8 -> dense 4 relu -> sum axis=0 -> dense 1; loss mse",
)
_reduction(
    "mean axis",
    "takes the mean along an axis",
    "y = Σ x / n over the axis",
    _mean,
    "input Tx8 ragged -> dense 4 relu -> mean axis=0 -> dense 1; loss mse",
)
_reduction(
    "max axis",
    "takes the largest entry along an axis",
    "y = max x over the axis",
    _max,
    "input Tx8 -> dense 4 relu -> max axis=0 -> dense 1; loss mse",
)
