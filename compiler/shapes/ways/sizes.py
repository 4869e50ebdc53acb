"""Remedies for parameters whose size depends on a symbolic dimension, or on shared weights."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from ...ir.dims import shape_text
from ...ir.layer_graph import Layer
from ...ir.types import TensorType
from ...kinds.shapes.context import ShapeFault
from ..channels import declared_shape, feed, reads_channels
from ..edits import declare, instead, put_before, put_behind, without
from ..faults import Known, Site, Way, guide
from .common import type_before, way

VECTORS = ("dense", "poly", "batchnorm", "layernorm", "rmsnorm")
"""Kinds with parameters that also take a vector of features."""


@guide(codes.SYMBOLIC_PARAMETER)
def open_size(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Use the axes of fixed size for the sizes that parameters need."""
    if fault.insert or fault.replace or site.activation or site.layer.kind == "local":
        return []
    layer, type = site.layer, type_before(known, site)
    before = feed(known, layer)
    flat = before is not None and before.kind == "flatten" and feed(known, before) is not None
    ways = _behind_flatten(known, layer, before) if before is not None and flat else []
    ways += [*_turned(known, site, type), *_reduced(site, type)]
    return [*ways, Way(fault.help)]


def _behind_flatten(known: Known, layer: Layer, flat: Layer) -> list[Way]:
    had = known.types[flat.inputs[0]]
    if had.rank == 2 and isinstance(had.shape[1], int):
        title = f"leave out `flatten`: {layer.word} then works at every position"
        return [way(title, (layer, flat), without(flat))]
    if had.rank in (2, 3) and isinstance(had.shape[0], int) and not had.ragged:
        channels = had.shape[0]
        title = (
            f"write `global_avgpool` in place of `flatten`: {channels} features, "
            "one for each channel, whatever the size"
        )
        return [way(title, (layer, flat), instead(flat, "global_avgpool"))]
    return []


def _turned(known: Known, site: Site, type: TensorType) -> list[Way]:
    """Permute the axes to the order that the layer reads."""
    layer = site.layer
    if reads_channels(layer.kind) or not isinstance(type.shape[0], int):
        return []
    if type.rank == 3:
        title = f"put `permute 1 2 0` before it, which puts the {type.shape[0]} channels last"
        edits = (put_before(layer, "permute 1 2 0"), put_behind(layer.span, "permute 2 0 1"))
        return [way(f"{title}, and `permute 2 0 1` behind it", (layer,), *edits)]
    if type.rank != 2:
        return []
    ways = [way("put `transpose` before it", (layer,), put_before(layer, "transpose"))]
    origin = declared_shape(known, layer, ())
    if origin is not None and origin.kind == "input":
        shape = (type.shape[1], type.shape[0])
        title = f"declare positions first: `input {shape_text(shape)}`"
        ways.append(way(title, (layer, origin), declare(origin, shape)))
    return ways


def _reduced(site: Site, type: TensorType) -> list[Way]:
    """Average over the axis of open size, which gives a vector."""
    layer = site.layer
    if type.rank != 2 or not isinstance(type.shape[0], int) or layer.kind not in VECTORS:
        return []
    title = f"reduce {type.shape[1]} with `mean axis=1`"
    return [way(title, (layer,), put_before(layer, "mean axis=1"))]
