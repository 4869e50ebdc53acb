"""Remedies for shared weights: `use` on a value of another size, `tie` to another layer."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from ...diagnostics.model import Edit
from ...kinds.shapes.context import ShapeFault
from ...source import Span
from ..channels import feed
from ..faults import Known, Site, Way, guide
from .common import type_before, way


@guide(codes.SHARED_MISMATCH)
def used_again(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Insert a stage before `use` that makes the size of the shared layer's input."""
    layer, place = site.layer, site.argument("use")
    first = next((other for other in known.layers.values() if other.name == layer.owner), None)
    if place is None or first is None or site.activation is not None:
        return []
    if len(layer.calls) != 1 or feed(known, first) is None:
        return []
    wanted, type = known.types[first.inputs[0]], type_before(known, site)
    if wanted.rank != type.rank or layer.kind not in ("dense", "conv"):
        return []
    if layer.kind == "dense":
        stage = f"dense {wanted.shape[-1]}"
    else:
        stage = f"conv {wanted.shape[0]} {'x'.join('1' * (type.rank - 1))}"
    edit = Edit(Span(place.source, place.start, place.start), f"{stage} -> ")
    return [
        way(f"put `{stage}` before it, or write a new {layer.word} in place of `use`", (), edit)
    ]


@guide(codes.TIE_MISMATCH)
def tied_features(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Let the preceding layer return as many features as the tied weights take."""
    layer = site.layer
    owner = next((o for o in known.layers.values() if o.name == layer.args.get("tie")), None)
    if fault.replace or owner is None or site.activation is not None:
        return []
    if owner.args.get("tie") is not None:
        first = str(owner.args["tie"])
        title = f"write `tie={first}`, which has the weights that `{owner.name}` is tied to"
        return [way(title, (layer,), Edit(layer.given["tie"], first))]
    before, units = feed(known, layer), owner.args.get("units")
    if before is None or before.kind != "dense" or not isinstance(units, int):
        return []
    title = f"give `{before.span.text}` {units} units, or leave out `tie={owner.name}`"
    return [way(title, (layer, before), Edit(before.given["units"], str(units)))]
