"""Remedies for layers of channels and positions whose image has another axis order.

Channels are last, as in `input 28x28x1`, or missing, as in `input 28x28`."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from ...diagnostics.model import Edit
from ...ir.dims import Dim, product, symbols
from ...ir.layer_graph import Layer
from ...kinds.shapes.context import ShapeFault
from ..channels import AROUND, SLIDES, channels_first, declared_shape, reads_channels, square
from ..faults import Known, Site, Way, guide, put_in
from .common import declaring, moving_data, permuting, type_before, way

KEEPS_ORDER = (*AROUND, *SLIDES, "maxpool", "avgpool", "weightedpool")
"""Kinds after which the order of the axes is that of the input."""

NORMS = ("normalize", "batchnorm", "groupnorm")
"""Kinds that also work channel by channel."""


@guide(
    codes.KERNEL_TOO_LARGE,
    codes.SYMBOLIC_PARAMETER,
    codes.IN_MISMATCH,
    codes.LIST_LENGTH,
    codes.NOT_DIVISIBLE,
)
def channels_last(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Correct `input 28x28x1`, where the kernel finds a width of one."""
    kind = site.layer.kind
    if not (reads_channels(kind) or kind in NORMS):
        return []
    if kind == "local" and fault.code is codes.SYMBOLIC_PARAMETER:
        return []
    origin = declared_shape(known, site.layer, KEEPS_ORDER)
    if origin is None:
        return []
    shape = known.types[origin.id].shape
    turned = channels_first(shape, origin.kind)
    if turned is None or known.types[origin.id].ragged or not _repaired(site, fault, turned[0]):
        return []
    why = f", channels first{moving_data(origin, len(shape))}"
    return [declaring(site, origin, turned, why), permuting(site, origin, len(shape))]


def _repaired(site: Site, fault: ShapeFault, channels: Dim) -> bool:
    """Return whether the argument at fault is right for this number of channels."""
    value = site.layer.args.get(fault.at)
    if fault.code is codes.IN_MISMATCH:
        return value == channels
    if fault.code is codes.LIST_LENGTH:
        return isinstance(value, tuple) and len(value) == channels
    if fault.code is codes.NOT_DIVISIBLE:
        return isinstance(channels, int) and isinstance(value, int) and channels % value == 0
    return True


@guide(codes.AXIS_COUNT)
def no_channels(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Correct a kernel of two components over two axes, `28x28 -> conv 32 3x3`: one channel."""
    type = type_before(known, site)
    sizes = site.layer.args.get(fault.at)
    if type.rank != 2 or not isinstance(sizes, tuple) or len(sizes) != 2 or type.ragged:
        return []
    if not reads_channels(site.layer.kind):
        return []
    origin = declared_shape(known, site.layer)
    if origin is None:
        return []
    image = (1, *known.types[origin.id].shape)
    title = f", an image of one channel{_new_axis(origin)}"
    ways = [declaring(site, origin, image, title)]
    if fault.replace and not square(known.types[origin.id].shape):
        place = site.layer.given[fault.at]
        one = f"write `{fault.replace}` for a signal of {type.shape[0]} channels"
        ways.append(way(one, (site.layer,), Edit(place, fault.replace)))
    return ways


@guide(codes.SYMBOLIC_PARAMETER)
def open_image(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Correct `HxW -> conv 8 3`: an image of open size without a channel axis."""
    type = type_before(known, site)
    kind = site.layer.kind
    if not reads_channels(kind) or kind == "local" or not all(map(symbols, type.shape)):
        return []
    origin = declared_shape(known, site.layer)
    if origin is None or origin.kind != "input" or type.rank != 2 or type.ragged:
        return []
    image = (1, *known.types[origin.id].shape)
    return [declaring(site, origin, image, f", an image of one channel{_new_axis(origin)}")]


def _new_axis(origin: Layer) -> str:
    if origin.kind != "input":
        return ""
    return ", and give the data the axis: `x[:, None]`"


@guide(codes.NEEDS_FEATURES)
def features_of_image(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Use the channels of an image of open size, which has no fixed number of features."""
    type = type_before(known, site)
    channels, *rest = type.shape
    if type.ragged_axis == 0 and (type.ragged or symbols(channels)) and not symbols(product(rest)):
        stages = "mean axis=0 -> flatten"
        title = f"put `{stages}` before it, which makes {product(rest)} features of all positions"
        return [way(title, (site.layer,), put_in(site, stages))]
    if fault.insert or type.ragged or type.rank != 3 or not isinstance(channels, int):
        return []
    title = (
        f"put `global_avgpool` before it, which makes {channels} features, "
        "one for each channel, of images of any size"
    )
    return [way(title, (site.layer,), put_in(site, "global_avgpool"))]
