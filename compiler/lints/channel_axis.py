"""NN340: convolution or pooling with an unlikely channel axis.

Channels come first: `input 32x32x3` has 32 channels of 32x3 here, and is otherwise valid."""

from __future__ import annotations

from collections.abc import Iterator

from ..diagnostics.codes import lints as codes
from ..diagnostics.model import Diagnostic, Fix, Label
from ..ir.dims import Shape, shape_text
from ..ir.layer_graph import Layer
from ..shapes.channels import SLIDES, channels_first, declared_shape, reads_channels, square
from ..shapes.edits import declare, put_behind
from ..shapes.faults import Known, call_labels
from .network import Network
from .registry import lint

MOVED = {2: "(0, 2, 1)", 3: "(0, 3, 1, 2)"}
TURNED = {2: "transpose", 3: "permute 2 0 1"}


@lint
def channel_axis(network: Network) -> Iterator[Diagnostic]:
    """Warn of an input or reshape with its channels last, or an image without a channel axis."""
    known = Known(network.layers, dict(network.typed.types))
    seen: set[int] = set()
    for layer in network.graph.layers:
        if not reads_channels(layer.kind) or len(layer.inputs) != 1:
            continue
        origin = declared_shape(known, layer)
        if origin is None or origin.id in seen or known.types[origin.id].ragged:
            continue
        shape = known.types[origin.id].shape
        turned = channels_first(shape, origin.kind)
        if turned is not None and not _column(layer, shape) and not _refused(layer, shape):
            seen.add(origin.id)
            yield _channels_last(layer, origin, shape, turned)
        elif square(shape) and layer.kind in ("conv", "maxpool", "avgpool"):
            seen.add(origin.id)
            yield _no_channels(layer, origin, shape)


def _column(layer: Layer, shape: Shape) -> bool:
    """Return whether a kernel of width 1 was given for an axis of size 1, which is deliberate."""
    kernel = layer.args.get("kernel")
    return isinstance(kernel, tuple) and len(kernel) == 2 and kernel[1] == shape[-1] == 1


def _refused(layer: Layer, shape: Shape) -> bool:
    """Return whether the layer's weights would depend on an unknown size, which is an error."""
    return layer.kind in SLIDES and not isinstance(shape[0], int)


def _channels_last(layer: Layer, origin: Layer, shape: Shape, turned: Shape) -> Diagnostic:
    written, rank = f"{origin.kind} {shape_text(turned)}", len(shape)
    first = f"write `{written}`, channels first"
    if origin.kind == "input":
        first += f", and move the data's axis: `np.transpose(x, {MOVED[rank]})`"
    behind = f"keep the shape and put `{TURNED[rank]}` behind `{origin.span.text}`"
    return codes.CHANNEL_AXIS.at(
        origin.given.get("type") or origin.given["size"],
        f"{layer.kind} reads {shape_text(shape)} as {shape[0]} channels of "
        f"{shape_text(shape[1:])}{' positions' if rank == 2 else ''}",
        here=f"looks like {shape[-1]} channel{'s' if shape[-1] != 1 else ''} that come{'s' if shape[-1] == 1 else ''} last",
        labels=[Label(layer.span, "reads the channels from the first axis"), *call_labels(layer)],
        notes=[_in_training(shape)],
        help=first,
        fixes=_fixes(origin, turned, first, behind, TURNED[rank]),
    )


def _in_training(shape: Shape) -> str:
    if len(shape) == 2:
        return (
            "in training every filter slides along the channels, and each position has "
            "weights of its own"
        )
    return (
        "in training every filter slides over one side of the image and over the channels, "
        "and each row of the image has weights of its own"
    )


def _no_channels(layer: Layer, origin: Layer, shape: Shape) -> Diagnostic:
    image = (1, *shape)
    help = f"for an image write `{origin.kind} {shape_text(image)}`, one channel"
    if origin.kind == "input":
        help += ", and give the data the axis: `x[:, None]`"
    edit = declare(origin, image)
    fixes = [Fix(help, (edit,))] if edit and not origin.calls else []
    return codes.CHANNEL_AXIS.at(
        origin.given.get("type") or origin.given["size"],
        f"{layer.kind} reads {shape_text(shape)} as {shape[0]} channels of {shape[1]} positions",
        here="looks like an image without channels",
        labels=[Label(layer.span, "reads the channels from the first axis"), *call_labels(layer)],
        notes=["in training every filter slides along one axis, and sees all of the other one"],
        help=help,
        fixes=fixes,
    )


def _fixes(origin: Layer, turned: Shape, first: str, behind: str, stage: str) -> list[Fix]:
    edit = declare(origin, turned)
    if edit is None or origin.calls:
        return []
    return [Fix(first, (edit,)), Fix(behind, (put_behind(origin.span, stage),))]
