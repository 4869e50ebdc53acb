"""reshape: the same entries in another shape."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import Dim, product, shape_text
from ..ir.types import TensorType
from ..kinds.arguments import SizeOf, positional
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext, ShapeFault
from ..kinds.shapes.rules import refuse_mixing
from ..kinds.stepping.context import LooksAhead, StepContext, Stepped, step_rule
from ..kinds.stepping.rules import SUM_UP, kept_axis
from ..ops.build import Value
from ..ops.shape import reshape
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    if c.input.ragged:
        raise refuse_mixing(
            c,
            "move entries from one position to another",
            "leave out `reshape`, or declare the input without `ragged`",
        )
    size, have = c.arg("size"), product(c.input.shape)
    if product(size) != have:
        raise _miscounted(c, size, have)
    return c.input.with_shape(size)


def _miscounted(c: ShapeContext, size: tuple[int, ...], have: Dim) -> ShapeFault:
    wanted, came = shape_text(size), c.input
    fitting = nearest_fit(size, have) if isinstance(have, int) else None
    if not isinstance(have, int):
        help = "write numbers in the input's shape: reshape cannot keep an open size"
    elif fitting is not None:
        help = f"write `reshape {shape_text(fitting)}`, which has {have} entries"
    else:
        help = f"choose sizes whose product is {have}, for example `reshape {have}`"
        fitting = (have,)
    return ShapeFault(
        codes.RESHAPE_COUNT,
        f"{wanted} has {product(size)} entries, but {have} come in",
        at="size",
        here=f"{product(size)} entries, the input is {came}",
        help=help,
        replace=shape_text(fitting) if fitting else "",
    )


def nearest_fit(size: tuple[int, ...], have: int) -> tuple[int, ...] | None:
    """Return the size with `have` entries that differs in one component, the last possible one.

    >>> nearest_fit((28, 28), 3 * 28 * 28), nearest_fit((5, 5), 12)
    ((28, 84), None)
    """
    for i in reversed(range(len(size))):
        others = product((*size[:i], *size[i + 1 :]))
        if isinstance(others, int) and have % others == 0:
            return (*size[:i], have // others, *size[i + 1 :])
    return None


def _lower(c: LowerContext) -> Value:
    return reshape(c.x, c.result.batched().shape)


@step_rule("every position by itself, where the axis of the positions stays whole")
def _step(c: StepContext) -> Stepped:
    """Keep the axis of the positions if it stays whole between the other axes."""
    size = c.arg("size")
    time = kept_axis(c.input.shape, c.time, size)
    if time is None:
        raise LooksAhead(
            f"reshape breaks up the axis of the {c.input.shape[c.time]} positions", help=SUM_UP
        )
    return Stepped(time, {**c.args, "size": (*size[:time], *size[time + 1 :])})


layer(
    LayerKind(
        name="reshape",
        family=Family.SHAPE,
        summary="gives a row another shape, with the same entries in the same order",
        formula="the last axis runs fastest",
        example="input 784 -> reshape 28x28 -> dense 16 relu -> flatten -> dense 10 softmax; "
        "loss crossentropy",
        args=(positional("size", SizeOf(), "the new shape of a row, as in `28x28`"),),
        shape=_shape,
        lower=_lower,
        step=_step,
        is_view=True,
        torch="nn.Unflatten(1, size)",
        keras="Reshape(size)",
    )
)
