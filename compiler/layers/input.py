"""input: an input of the network."""

from __future__ import annotations

from ..ir.types import TensorType
from ..kinds.layer import Family, LayerKind, Trailing
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.stepping.rules import each_entry
from ..ops.build import Value
from ..ops.source import leaf
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    declared: TensorType = c.arg("type").type
    return declared


def _lower(c: LowerContext) -> Value:
    return leaf(c.build, "input", c.name, c.result.batched())


layer(
    LayerKind(
        name="input",
        family=Family.INPUT,
        summary="declares the shape of one row of data; the batch axis is never written",
        formula="x",
        example="input 3x28x28 -> flatten -> dense 10 softmax; loss crossentropy",
        shape=_shape,
        lower=_lower,
        step=each_entry,
        trailing=Trailing.NO,
        torch="the argument of forward",
        keras="Input(shape)",
        notes="`input 784` features, `input Tx768` a sequence, `input 3x32x32` an image with its "
        "channels first. An upper-case letter is a size known only at run time. After the "
        "shape, `int` declares whole numbers and `ragged` rows of different lengths.",
    )
)
