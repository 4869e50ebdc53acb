"""Remedies for layers that need positions, or channels and positions, and get a vector.

The positions were lost earlier: a recurrent layer returned its last state only, a reduction or
`flatten` joined them, or the input was declared as a vector."""

from __future__ import annotations

from collections.abc import Iterator

from ...diagnostics.codes import shapes as codes
from ...diagnostics.model import Edit
from ...ir.dims import product, shape_text, symbol, symbols
from ...ir.layer_graph import Layer
from ...kinds.layer import Family
from ...kinds.shapes.context import ShapeFault
from ...layers import LAYERS
from ..channels import AROUND, behind, passes_shape, reads_channels
from ..edits import declare, instead, put_before, put_behind, set_value, without
from ..faults import Known, Site, Way, guide
from .common import type_before, way

RECURRENT = ("rnn", "lstm", "gru")
BY_CHANNEL = ("batchnorm", "groupnorm", "prelu", "normalize")
"""Kinds that read a vector by feature, and CxL by channel."""

DECLARE = "declare positions in the input's shape, as in `input Tx8`"

EACH_BY_ITSELF = ("dense", "poly")
"""Kinds that treat every position of TxD as they treat a vector."""


@guide(codes.NEEDS_POSITIONS, codes.AXIS_COUNT)
def last_state_only(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Correct `lstm 64 -> lstm 32`: the first returns one state, the second needs all of them."""
    kind = site.layer.kind
    turned = reads_channels(kind) or kind in AROUND
    positions = fault.code is codes.NEEDS_POSITIONS or kind == "transpose"
    if not _one_axis(known, site) or not (turned or positions):
        return []
    between = list(_vectors_before(known, site.layer))
    if not between or (cell := between[-1]).kind not in RECURRENT:
        return []
    title = (
        f"write `return=all` in `{cell.span.text}`, which then gives its state at every position"
    )
    if turned:
        title += ", and put `transpose` before this stage: it reads channels first"
    edits = [set_value(cell, "return", "all"), *_turned(site, between[:-1], turned)]
    return [way(title, (site.layer, *between), *edits)]


@guide(codes.NEEDS_POSITIONS)
def lost_positions(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Restore positions that a stage joined, or that the input lacks."""
    if not _one_axis(known, site):
        return []
    between = list(_vectors_before(known, site.layer))
    if between and between[-1].kind == "input":
        return [_declared(known, site, between), *_spread(known, site)]
    kept = _kept(known, site, between) if between else None
    return [kept] if kept else _spread(known, site) or [Way(DECLARE)]


def _kept(known: Known, site: Site, between: list[Layer]) -> Way | None:
    """Return the remedy that keeps the positions before a stage that joined them."""
    last = between[-1]
    had = known.types.get(last.inputs[0]) if len(last.inputs) == 1 else None
    if had is None:
        return None
    layers, turned = (site.layer, *between), _turned(site, between[:-1])
    joins = last.kind == "flatten" or LAYERS[last.kind].family is Family.REDUCTION
    if joins and had.rank == 2 and isinstance(had.shape[1], int):
        title = f"leave out `{last.span.text}`, which joins the positions"
        return way(title, layers, without(last), *turned)
    channels, *sizes = had.shape
    count = product(sizes)
    if last.kind != "flatten" or had.rank != 3 or not isinstance(channels * count, int):
        return None
    stages = f"reshape {channels}x{count} -> transpose"
    title = f"write `{stages}` in place of `flatten`: {count} positions of {channels} features"
    return way(title, layers, instead(last, stages), *turned)


def _declared(known: Known, site: Site, between: list[Layer]) -> Way:
    """Return the remedy that declares positions in the input's shape."""
    origin, size = between[-1], known.types[between[-1].id].shape[0]
    shape = (symbol(_unused(known)), size) if isinstance(size, int) else (size, 1)
    title = f"declare a vector of features at every position: `input {shape_text(shape)}`"
    edits = (declare(origin, shape), *_turned(site, between[:-1]))
    return way(title, (site.layer, *between), *edits)


def _unused(known: Known) -> str:
    """Return an unused letter for the number of positions: equal letters are equal sizes."""
    inputs = [layer.id for layer in known.layers.values() if layer.kind == "input"]
    taken = {
        s for i in inputs if i in known.types for n in known.types[i].shape for s in symbols(n)
    }
    return next(name for name in ("T", "S", "L", "T1") if name not in taken or name == "T1")


def _spread(known: Known, site: Site) -> list[Way]:
    """Make every feature a position."""
    size = type_before(known, site).shape[0]
    if not isinstance(size, int):
        return []
    title = f"put `reshape {size}x1` before it: {size} positions of one feature each"
    return [way(title, (site.layer,), put_before(site.layer, f"reshape {size}x1"))]


# --- the layers before the fault ----------------------------------------------------------


def _one_axis(known: Known, site: Site) -> bool:
    return site.activation is None and type_before(known, site).rank == 1


def _vectors_before(known: Known, layer: Layer) -> Iterator[Layer]:
    """Yield the preceding layers with one axis, up to and including the one that made the vector.

    Nothing if a stage on the way has another meaning for several axes."""
    found = []
    for before in behind(known, layer):
        if known.types[before.id].rank != 1:
            return
        found.append(before)
        each = before.kind in EACH_BY_ITSELF or passes_shape(before)
        if not each or (before.inputs and known.types[before.inputs[0]].rank != 1):
            yield from found
            return


def _turned(site: Site, between: list[Layer], channels: bool = False) -> list[Edit | None]:
    """Transpose the axes before a layer that reads channels first, and back after it.

    `between` are the layers before the one at fault, nearest first; `channels`: it reads
    channels first, too."""
    edits: list[Edit | None] = []
    for layer in between:
        if layer.kind in BY_CHANNEL:
            edits.append(put_before(layer, "transpose"))
            if channels and layer is between[0]:
                return edits + _turned(site, between[1:])
            edits.append(put_behind(layer.span, "transpose"))
    return [*edits, put_before(site.layer, "transpose")] if channels else edits
