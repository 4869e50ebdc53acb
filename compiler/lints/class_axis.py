"""NN341: a loss whose classes lie along the width of an image or signal."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Edit, Fix, Label
from ..ir.dims import shape_text
from ..ir.layer_graph import Layer, Loss
from ..kinds.loss import CLASS_READS
from ..shapes.channels import passes_shape, reads_channels
from ..shapes.edits import put_behind
from ..shapes.faults import call_labels
from .network import FAR_BACK, Network, Step
from .registry import lint

SOFT = ("softmax", "log_softmax")


@lint
def class_axis(network: Network) -> Iterator[Diagnostic]:
    """Warn of crossentropy of a convolution or pooling, whose channels are the classes."""
    for loss, last in network.judged(*CLASS_READS):
        shape = network.typed.shape_of(loss.layer)
        if len(shape) in (2, 3) and _of_channels(network, loss.layer):
            yield _finding(network, loss, last)


def _of_channels(network: Network, id: int) -> bool:
    """Return whether the value has the axes of a layer of channels and positions."""
    for _ in range(FAR_BACK):
        layer = network.layers[id]
        if reads_channels(layer.kind):
            return True
        if len(layer.inputs) != 1 or not (passes_shape(layer) or layer.kind in ("upsample", "pad")):
            return False
        id = layer.inputs[0]
    return False


def _finding(network: Network, loss: Loss, last: Step) -> Diagnostic:
    shape = network.typed.shape_of(loss.layer)
    stage = "permute 1 2 0" if len(shape) == 3 else "transpose"
    where = "columns" if len(shape) == 3 else "positions"
    layer = network.layers[loss.layer]
    soft = last.kind in SOFT
    help = f"put the channels last: `{stage}` before "
    help += f"`{last.kind}`" if soft else "the loss"
    return codes.CLASS_AXIS.at(
        last.span if soft else layer.span,
        f"{loss.setting.word} chooses among the {shape[-1]} {where} of {shape_text(shape)}, "
        f"not among its {shape[0]} channels",
        here=f"{'makes' if soft else 'gives'} {shape_text(shape)}; the last axis is that of the classes",
        labels=[Label(loss.setting.head, "the loss that chooses"), *call_labels(layer)],
        notes=[f"in training the {where} compete with one another, and the channels do not"],
        help=help,
        fixes=_fixes(layer, last, stage, help),
    )


def _fixes(layer: Layer, last: Step, stage: str, title: str) -> list[Fix]:
    if layer.calls or last.layer is not layer:
        return []
    if last.trailing:
        return [Fix(title, (Edit(last.span, f"-> {stage} {last.span.text}"),))]
    if last.kind in SOFT:
        return [Fix(title, (Edit(layer.head, f"{stage} -> {layer.head.text}"),))]
    named = layer.span.source.text[layer.span.stop :].lstrip(" \t").startswith("as ")
    return [] if named else [Fix(title, (put_behind(layer.span, stage),))]
