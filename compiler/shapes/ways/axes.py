"""Remedies for layers whose input has the wrong number of axes."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from ...diagnostics.model import Edit
from ...ir.dims import Dim, product, shape_text
from ...ir.layer_graph import Layer
from ...ir.reading import ranges, wholes
from ...kinds.shapes.context import ShapeFault
from ...kinds.shapes.windows import both_ends, ends_text
from ..channels import AROUND, behind, declared_shape, passes_shape, reads_channels
from ..edits import declare, put_before, without
from ..faults import Known, Site, Way, guide
from .common import type_before, way
from .positions import BY_CHANNEL


@guide(codes.AXIS_COUNT)
def vector_to_channels(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Turn a vector into one channel: an image if the kernel has two axes or the size is square."""
    type, size = type_before(known, site), type_before(known, site).shape[0]
    if site.activation or type.rank != 1 or not (_reads(site) or site.layer.kind in AROUND):
        return []
    flat = next((b for b in behind(known, site.layer) if not passes_shape(b)), None)
    if flat is not None and flat.kind == "flatten" and _has_channels(known, flat):
        title = f"leave out `flatten`: {site.layer.word} reads channels and positions"
        return [way(title, (site.layer, flat), without(flat))]
    if not isinstance(size, int):
        return _open_signal(known, site)
    sizes = [v for v in site.layer.args.values() if isinstance(v, tuple) and len(v) == 2]
    image, signal = _image(size), f"reshape 1x{size}"
    if sizes:
        return [_reshaped(site, image, "one channel")] if image else _narrowed(site, signal)
    ways = [_reshaped(site, signal, "one channel")]
    if image and size == int(size**0.5) ** 2:
        signal_too = _reshaped(site, signal, "if this is a signal")
        ways = [_reshaped(site, image, "if these are the pixels of an image"), signal_too]
    return ways


def _has_channels(known: Known, flat: Layer) -> bool:
    had = known.types[flat.inputs[0]]
    return had.rank in (2, 3) and isinstance(had.shape[0], int)


def _reads(site: Site) -> bool:
    return reads_channels(site.layer.kind)


def _reshaped(site: Site, stage: str, what: str) -> Way:
    return way(f"put `{stage}` before it, {what}", (site.layer,), put_before(site.layer, stage))


def _narrowed(site: Site, signal: str) -> list[Way]:
    """Make a signal, and keep one component of the sizes that were given two."""
    layer = site.layer
    two = {k: v for k, v in layer.args.items() if isinstance(v, tuple) and len(v) == 2}
    if not two.keys() <= layer.given.keys():
        return []
    edits = [Edit(layer.given[name], str(value[0])) for name, value in two.items()]
    title = f"put `{signal}` before it, one channel, and give {' and '.join(two)} one component"
    return [way(title, (layer,), put_before(layer, signal), *edits)]


def _image(size: int) -> str:
    """Return the most nearly square image of this many pixels; none if it is a single row."""
    height = next((n for n in range(int(size**0.5), 1, -1) if size % n == 0), 1)
    return f"reshape 1x{height}x{size // height}" if height > 1 else ""


def _open_signal(known: Known, site: Site) -> list[Way]:
    origin = declared_shape(known, site.layer)
    if origin is None or origin.kind != "input":
        return []
    type = known.types[origin.id]
    if type.ragged:
        title = f"declare the channels too: `input {type.shape[0]}x1 ragged`, and `transpose`"
        edits = (declare(origin, (type.shape[0], 1)), put_before(site.layer, "transpose"))
        return [way(title, (site.layer, origin), *edits)]
    shape = (1, type.shape[0])
    title = f"declare the channels too: `input {shape_text(shape)}`"
    return [way(title, (site.layer, origin), declare(origin, shape))]


@guide(codes.AXIS_COUNT, codes.NEEDS_POSITIONS)
def too_many_axes(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Join axes until as many are left as the layer reads."""
    type = type_before(known, site)
    shape = type.shape
    numbers = all(isinstance(n, int) for n in shape) and not type.ragged
    if site.activation or type.rank < 4 or not numbers:
        return []
    if _reads(site) or site.layer.kind in BY_CHANNEL:
        joined: tuple[Dim, ...] = (product(shape[:-2]), *shape[-2:])
    elif fault.code is codes.NEEDS_POSITIONS:
        joined = (product(shape[:-1]), shape[-1])
    else:
        return []
    stage = f"reshape {shape_text(joined)}"
    edits = [put_before(site.layer, stage)]
    title = f"join axes with `{stage}` before it"
    kernel = site.layer.args.get("kernel")
    if isinstance(kernel, tuple) and len(kernel) == type.rank - 1 and _reads(site):
        fitting = shape_text(wholes(kernel)[-2:])
        edits.append(Edit(site.layer.given["kernel"], fitting))
        title += f" and take a kernel of {fitting}"
    return [way(title, (site.layer,), *edits)]


@guide(codes.AXIS_COUNT)
def fewer_components(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Keep a component of a size for each spatial axis, the last ones of those given."""
    value, place = site.layer.args.get(fault.at), site.layer.given.get(fault.at)
    axes = type_before(known, site).rank - 1
    if not isinstance(value, tuple) or place is None or axes not in (1, 2):
        return []
    if fault.replace or not (_reads(site) or site.layer.kind in AROUND) or len(value) < 2:
        return []
    fitting = value[-axes:] if len(value) > axes else value * axes
    ends = fault.at in ("pad", "size")
    text = ends_text(both_ends(fitting, axes)) if ends else shape_text(wholes(fitting))
    title = f"give {axes} component{'s' if axes > 1 else ''}, as in `{text}`"
    return [way(title, (site.layer,), Edit(place, text))]


@guide(codes.AXIS_COUNT)
def counted_otherwise(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Correct `permute` that counts the batch axis, as in PyTorch, or from 1, as in Keras."""
    layer, rank = site.layer, type_before(known, site).rank
    if layer.kind != "permute":
        return []
    order = wholes(layer.args["order"])
    rest = order[1:] if order[:1] == (0,) and len(order) == rank + 1 else order
    if sorted(rest) == list(range(1, rank + 1)):
        text = " ".join(str(n - 1) for n in rest)
        title = f"write `permute {text}`: axes count from 0, and the batch axis is not counted"
    else:
        text = " ".join(map(str, (*range(1, rank), 0)))
        title = (
            f"write every axis once, for example `permute {text}`; the batch axis is not counted"
        )
    return [way(title, (layer,), _listed(layer, "order", text))]


@guide(codes.AXIS_COUNT, codes.CROP_RANGE)
def fitting_ranges(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Give `crop` as many ranges as there are axes, each within its axis."""
    layer, shape = site.layer, type_before(known, site).shape
    if layer.kind != "crop":
        return []
    kept = []
    for (start, stop), size in zip(ranges(layer.args["ranges"]), shape, strict=False):
        end = min(stop, size) if isinstance(size, int) else stop
        kept.append(f"{min(start, end - 1)}:{end}")
    text = " ".join(kept)
    title = f"write `crop {text}`; a range `a:b` takes the entries a to b-1, counted from 0"
    return [way(title, (layer,), _listed(layer, "ranges", text))]


def _listed(layer: Layer, name: str, words: str) -> Edit:
    """Replace an argument of several values, with commas inside of parentheses."""
    place = layer.given[name]
    return Edit(place, words.replace(" ", ", ") if "," in place.text else words)
