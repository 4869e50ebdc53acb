"""What the losses ask of the output they judge."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.dims import shape_text
from ..ir.layer_graph import Loss
from ..ir.types import DType, TensorType
from .context import ShapeFault


def check_loss(loss: Loss, type: TensorType) -> None:
    """Refuse an output that the loss cannot judge; targets take its shape, or drop its classes."""
    if type.dtype is not DType.FLOAT:
        raise ShapeFault(
            codes.INTEGER_INPUT,
            "a loss judges real numbers, but whole numbers come in",
            here=f"needs real numbers, the output is {type}",
            help="declare the input without `int`, so that it holds real numbers",
        )
    if loss.setting.kind == "crossentropy":
        _check_classes(loss, type)


def _check_classes(loss: Loss, type: TensorType) -> None:
    classes = type.shape[-1]
    if classes == 1:
        raise ShapeFault(
            codes.LOSS_OUTPUT,
            "crossentropy compares two or more classes, but the output has one",
            here=f"needs at least 2 classes on the last axis, the output is {shape_text(type.shape)}",
            help="for one yes-or-no output use `loss bce`, or give the last layer 2 units",
            replace="bce",
        )
    weights = loss.setting.args.get("weights")
    if isinstance(weights, tuple) and len(weights) != classes:
        raise ShapeFault(
            codes.LIST_LENGTH,
            f"{len(weights)} class weights for {classes} classes",
            at="weights",
            here=f"needs {classes} numbers, has {len(weights)}",
            help=f"give one weight for each of the {classes} classes",
        )
