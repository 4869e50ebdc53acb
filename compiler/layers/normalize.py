"""normalize: subtracts a fixed mean and divides by a fixed standard deviation."""

from __future__ import annotations

from ..ir.types import TensorType
from ..kinds.arguments import REQUIRED, Numbers, option
from ..kinds.layer import Family, LayerKind
from ..kinds.lower.along import along_axis
from ..kinds.lower.context import LowerContext
from ..kinds.shapes.context import ShapeContext
from ..kinds.shapes.lists import check_list
from ..kinds.shapes.rules import per_entry, require_floats
from ..kinds.stepping.rules import list_along
from ..ops.build import Value
from .registry import layer


def _shape(c: ShapeContext) -> TensorType:
    require_floats(c)
    check_list(c, "mean", 0)
    check_list(c, "std", 0)
    return c.input


def _lower(c: LowerContext) -> Value:
    centred = c.x - along_axis(c.x, c.arg("mean"), 0)
    return c.note(centred / along_axis(c.x, c.arg("std"), 0), "y = (x − mean) / std")


layer(
    LayerKind(
        name="normalize",
        family=Family.FIXED,
        summary="subtracts a known mean and divides by a known standard deviation",
        formula="y = (x − mean) / std",
        example="input 784 -> normalize mean=0.13 std=0.31 -> dense 10 softmax; loss crossentropy",
        args=(
            option("mean", Numbers(), "the mean: one number, or a list", REQUIRED),
            option(
                "std",
                Numbers(nonzero=True),
                "the standard deviation: one number, or a list",
                REQUIRED,
            ),
        ),
        shape=_shape,
        lower=_lower,
        step=list_along(lambda rank: 0, "mean", "std"),
        flops=per_entry(2),
        torch="transforms.Normalize(mean, std)",
        keras="Normalization(mean=mean, variance=std**2)",
        notes="A list has one number for each feature of D, or for each channel (the first axis) of "
        "CxL and CxHxW. For separate numbers for the features of TxD use `shift` and `scale`.",
    )
)
