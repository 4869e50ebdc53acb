"""The requirements of losses on their output."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics.codes import shapes as codes
from ..ir.formula import FORMULA
from ..ir.layer_graph import Layer, Loss
from ..ir.types import DType, TensorType
from ..kinds.loss import CLASS_READS, Reads
from ..kinds.shapes.context import ShapeFault
from ..kinds.shapes.lists import counted
from ..losses import LOSSES


def check_loss(loss: Loss, layer: Layer, type: TensorType, more: Sequence[TensorType] = ()) -> None:
    """Refuse an output that does not fit the loss; targets have its shape, or no class axis."""
    if type.dtype is not DType.FLOAT:
        raise ShapeFault(
            codes.INTEGER_INPUT,
            "a loss needs real numbers, but the output is made of whole ones",
            here=f"the output is {type}",
            help="leave `int` out of the input, so that it holds real numbers",
        )
    if any(t.keys for t in (type, *more)):
        raise ShapeFault(
            codes.LOSS_OUTPUT,
            f"{loss.setting.word} cannot judge a value with padding along two axes",
            here=f"positions of two sequences of different lengths, {type}",
            help="join it with the second sequence by `matmul`, and judge what comes of that",
        )
    if FORMULA in loss.setting.args:
        from ..kinds.formula.kind import check_formula_loss

        check_formula_loss(loss.setting.args, [type, *more])
    reads = LOSSES[loss.setting.kind].reads
    if reads in CLASS_READS:
        _check_padding(loss, type)
    if reads is Reads.CLASS_LOGITS:
        _check_classes(loss, layer, type)
    if loss.setting.args.get("weights") == "balanced":
        _check_balanced(type)
    for name in ("weights", "pos_weight"):
        _check_list(loss, name, type)


def check_ignored(loss: Loss, losses: Sequence[Loss]) -> None:
    """Refuse `ignore=` where another loss compares the same value with the same target."""
    ignore = loss.setting.args.get("ignore")
    if ignore is None:
        return
    for other in losses:
        alike = other is loss or other.layer != loss.layer or not other.compares
        if not alike and other.setting.args.get("ignore") != ignore:
            raise ShapeFault(
                codes.IGNORE_SHARED,
                f"`{other.setting.word}` judges the same value, and has no target for rows of class "
                f"id {ignore}",
                at="ignore",
                here=f"rows of class id {ignore} have no target",
                also=((other.setting.span, "this loss has the same target"),),
                help=f"write `ignore={ignore}` there, too, or let it judge another value",
            )


def _check_padding(loss: Loss, type: TensorType) -> None:
    """Refuse outputs whose last axis, of scores or probabilities, is padded."""
    if not type.ragged or type.ragged_axis != type.rank - 1:
        return
    raise ShapeFault(
        codes.LOSS_OUTPUT,
        f"{loss.setting.word} judges rows of the last axis, but these have different lengths",
        here=f"the last axis is padded, the output is {type}",
        help=(
            "give every position features of its own, as in `input Tx8 ragged`"
            if type.rank == 1
            else "put the positions before the last axis again, with `transpose` or `permute`"
        ),
    )


def _check_classes(loss: Loss, layer: Layer, type: TensorType) -> None:
    if type.shape[-1] != 1:
        return
    raise ShapeFault(
        codes.LOSS_OUTPUT,
        "crossentropy chooses among classes, but the output has one",
        here=f"needs 2 classes or more on the last axis, the output is {type}",
        help="for one yes-or-no output write `sigmoid` and `loss bce`, "
        "otherwise give the last layer one unit for each class",
        replace="" if layer.kind in ("softmax", "log_softmax") else "bce",
    )


def _check_list(loss: Loss, name: str, type: TensorType) -> None:
    """Check a list of weights, one for each class or output, against the last axis."""
    numbers, size = loss.setting.args.get(name), type.shape[-1]
    if not isinstance(numbers, tuple) or len(numbers) == size:
        return
    what = "class" if name == "weights" else "output"
    plural = "classes" if name == "weights" else "outputs"
    entries = f"{size} {what if size == 1 else plural}"
    known = isinstance(size, int)
    raise ShapeFault(
        codes.LIST_LENGTH,
        f"{counted(len(numbers), 'weight')} for {entries}",
        at=name,
        here=f"has {counted(len(numbers), 'number')}, the output is {type}",
        help=f"give a list of {size}" if known else "a list needs a last axis of known size",
    )


def _check_balanced(type: TensorType) -> None:
    """Require a known number of classes and true rows: classes are counted before training."""
    if isinstance(type.shape[-1], int) and not type.ragged:
        return
    raise ShapeFault(
        codes.LOSS_OUTPUT,
        "balanced weights come from counting classes, "
        + ("but rows are padded" if type.ragged else "but their number is not known"),
        at="weights",
        here=f"the output is {type}",
        help=(
            "give the weight of each class: `weights=[…]`"
            if type.ragged
            else "leave out `weights`, or give the last axis a size"
        ),
    )
