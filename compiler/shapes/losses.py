"""What the losses ask of the output they judge."""

from __future__ import annotations

from ..diagnostics.codes import shapes as codes
from ..ir.layer_graph import Layer, Loss
from ..ir.types import DType, TensorType
from .context import ShapeFault


def check_loss(loss: Loss, layer: Layer, type: TensorType) -> None:
    """Refuse an output that the loss cannot judge; targets take its shape, or drop its classes."""
    if type.dtype is not DType.FLOAT:
        raise ShapeFault(
            codes.INTEGER_INPUT,
            "whole numbers come in where real numbers are needed",
            here=f"needs real numbers, the output is {type}",
            help="declare the input without `int`, so that it holds real numbers",
        )
    if loss.setting.kind == "crossentropy":
        _check_classes(loss, layer, type)


def _check_classes(loss: Loss, layer: Layer, type: TensorType) -> None:
    classes = type.shape[-1]
    last = layer.activation.kind if layer.activation else layer.kind
    if classes == 1:
        raise ShapeFault(
            codes.LOSS_OUTPUT,
            "crossentropy chooses among classes, but the output has one",
            here=f"needs 2 classes or more on the last axis, the output is {type}",
            help="for one yes-or-no output write `sigmoid` and `loss bce`, "
            "otherwise give the last layer one unit for each class",
            replace="" if last in ("softmax", "log_softmax") else "bce",
        )
    weights = loss.setting.args.get("weights")
    if isinstance(weights, tuple) and len(weights) != classes:
        raise ShapeFault(
            codes.LIST_LENGTH,
            f"{len(weights)} class weights for {classes} classes",
            at="weights",
            here=f"has {len(weights)} numbers, the output has {classes} classes",
            help=f"give a list of {classes}, one weight for each class",
        )
