"""Remedies that change, move or remove a single stage."""

from __future__ import annotations

import re

from ...diagnostics.codes import shapes as codes
from ...diagnostics.model import Edit
from ...kinds.shapes.context import ShapeFault
from ...source import Span
from ..channels import declared_shape, feed
from ..edits import put_before, without
from ..faults import Known, Site, Way, guide
from .common import type_before, way


@guide(codes.AXIS_COUNT)
def nothing_to_swap(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Remove `transpose` of a vector."""
    if site.layer.kind != "transpose" or type_before(known, site).rank != 1:
        return []
    return [way(fault.help, (site.layer,), without(site.layer))]


@guide(codes.NEEDS_IDS)
def real_ids(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Add `int` to an input of ids."""
    origin = declared_shape(known, site.layer, ())
    if origin is None or origin.kind != "input" or feed(known, site.layer) is not origin:
        return []
    shape = origin.given["type"]
    edit = Edit(Span(shape.source, shape.stop, shape.stop), " int")
    title = f"declare the ids as whole numbers: `input {shape.text} int`"
    return [way(title, (site.layer, origin), edit)]


@guide(codes.INTEGER_INPUT)
def whole_numbers(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Remove `int` from an input of quantities."""
    if fault.insert or "leave `int` out" not in fault.help:
        return []
    origin = feed(known, site.layer, fault.blame)
    if origin is None or origin.kind != "input":
        return []
    written = re.search(r"\s+int\b", origin.span.text)
    if written is None:
        return []
    start = origin.span.start
    place = Span(origin.span.source, start + written.start(), start + written.end())
    return [way(fault.help, (site.layer, origin), Edit(place, ""))]


@guide(codes.CELL_NONLINEARITY)
def behind_the_cell(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Make an activation that a cell cannot have a separate stage."""
    own = site.layer.activation
    if own is None:
        return []
    return [way(fault.help, (site.layer,), Edit(own.span, f"-> {own.span.text}"))]


@guide(codes.RAGGED_MIXED)
def ragged(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Describe alternatives for rows of different lengths."""
    layer, own = site.layer, site.layer.activation
    if site.activation is not None:
        return []
    if layer.kind in ("batchnorm", "groupnorm") and "`layernorm`" in fault.help:
        text = f"layernorm {own.span.text}" if own else "layernorm"
        return [way(fault.help, (layer,), Edit(layer.span, text))]
    if layer.kind in ("flatten", "reshape") and "leave out" in fault.help:
        return [way(fault.help, (layer,), without(layer))]
    if layer.kind == "local" and "`conv`" in fault.help:
        return [way(fault.help, (layer,), Edit(layer.head, "conv"))]
    found = re.match(r"put `([a-z0-9 ]+)` before it$", fault.help)
    return [way(fault.help, (layer,), put_before(layer, found[1]))] if found else []
