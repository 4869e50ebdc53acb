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
            "a loss needs real numbers, but the output is made of whole ones",
            here=f"the output is {type}",
            help="leave `int` out of the input, so that it holds real numbers",
        )
    if loss.setting.kind == "crossentropy":
        _check_classes(loss, layer, type)


def _check_classes(loss: Loss, layer: Layer, type: TensorType) -> None:
    if type.shape[-1] != 1:
        return
    last = layer.activation.kind if layer.activation else layer.kind
    raise ShapeFault(
        codes.LOSS_OUTPUT,
        "crossentropy chooses among classes, but the output has one",
        here=f"needs 2 classes or more on the last axis, the output is {type}",
        help="for one yes-or-no output write `sigmoid` and `loss bce`, "
        "otherwise give the last layer one unit for each class",
        replace="" if last in ("softmax", "log_softmax") else "bce",
    )
