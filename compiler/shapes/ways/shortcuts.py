"""Merges whose branches lost the same shape: residual shortcuts, branches without padding.

[id, conv 64 3x3 stride=2 pad=same] -> add     =>     conv 64 1x1 stride=2 in place of id
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ...diagnostics.codes import shapes as codes
from ...diagnostics.fixing import edited
from ...diagnostics.model import Edit
from ...ir.dims import Shape, shape_text
from ...ir.layer_graph import Layer
from ...ir.reading import wholes
from ...kinds.shapes.context import ShapeFault
from ...kinds.shapes.merges import listed
from ...ops.conv import window_size
from ..channels import passes_shape
from ..edits import set_value
from ..faults import Known, Site, Way, guide
from .branches import Branch, branches_of, of_channels, saying
from .common import way

WINDOWS = ("conv", "depthwise", "local", "maxpool", "avgpool", "weightedpool")
MERGED_BY_ENTRY = ("add", "sub", "mean", "max")


@guide(codes.BRANCHES_DIFFER)
def shortcut(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Add a 1x1 convolution to the shortcut of a branch that changes channels or stride."""
    branches = branches_of(known, site)
    if site.layer.kind not in MERGED_BY_ENTRY or not of_channels(branches):
        return []
    main = max(branches, key=_work)
    shape: Shape = main.type.shape
    padded: list[Layer] = []
    others = [b for b in branches if b is not main and b.type.shape != shape]
    total = _total_stride(known, main)
    found = [_projection(known, b, shape, total) for b in others]
    if None in found:
        alike = padded_alike(known, main)
        if alike is None:
            return []
        shape, padded = alike
        others = [b for b in branches if b is not main and b.type.shape != shape]
        found = [_projection(known, b, shape, total) for b in others]
    projections = [projection for projection in found if projection is not None]
    if len(projections) < len(others) or not (padded or others):
        return []
    return [_shortcut_way(site, branches, shape, padded, projections)]


def _shortcut_way(
    site: Site,
    branches: Sequence[Branch],
    shape: Shape,
    padded: Sequence[Layer],
    projections: Sequence[Projection],
) -> Way:
    edits = [set_value(layer, "pad", _same(layer)) for layer in padded]
    said = [_pads(padded)] if padded else []
    for projection in projections:
        edits += projection.edits
        said.append(projection.said)
    why = f", so that it gives {shape_text(shape)} too" if projections else ""
    layers = (site.layer, *padded, *(b.end for b in branches if b.layers))
    return way(f"{', and '.join(said)}{why}", layers, *edits)


@dataclass(frozen=True, slots=True)
class Projection:
    """A convolution of width 1 at the end of a shortcut: its edits, and their description."""

    edits: tuple[Edit | None, ...]
    said: str


def _projection(
    known: Known, branch: Branch, wanted: Shape, steps: tuple[int, ...] | None
) -> Projection | None:
    """Return the convolution that makes a shape; an existing one is changed."""
    own = _own_projection(branch)
    shape = known.types[own.inputs[0]].shape if own else branch.type.shape
    if steps is None or not isinstance(wanted[0], int):
        return None
    axes = zip(shape[1:], wanted[1:], steps, strict=True)
    if any(window_size(n, 1, s, (0, 0), 1) != m for n, m, s in axes):
        return None
    stride = str(steps[0]) if len(set(steps)) == 1 else shape_text(steps)
    if own is not None:
        return _changed(own, wanted[0], stride)
    stage = f"conv {wanted[0]} {shape_text((1,) * len(steps))}"
    stage += f" stride={stride}" if stride != "1" else ""
    return Projection((branch.with_end(stage),), saying([branch], [stage]))


def _changed(own: Layer, filters: int, stride: str) -> Projection:
    edits: list[Edit | None] = [Edit(own.given["filters"], str(filters))]
    if stride != "1" or "stride" in own.given:
        edits.append(set_value(own, "stride", stride))
    old = own.span.source.text
    new = edited(old, (edit for edit in edits if edit is not None))
    text = new[own.span.start : own.span.stop + len(new) - len(old)]
    return Projection(tuple(edits), f"write `{text}` in place of `{own.span.text}`")


def _work(branch: Branch) -> tuple[int, int]:
    """Return a measure of the layers in a branch; norms and projections count least."""
    shaping = [layer for layer in branch.layers if not passes_shape(layer)]
    return sum(not _one_cell(layer) for layer in shaping), len(branch.layers)


def _own_projection(branch: Branch) -> Layer | None:
    """Return the convolution of width 1 that is the only layer of a branch, except for norms."""
    shaping = [layer for layer in branch.layers if not passes_shape(layer)]
    return shaping[0] if len(shaping) == 1 and _one_cell(shaping[0]) else None


def _one_cell(layer: Layer) -> bool:
    kernel = layer.args.get("kernel")
    return layer.kind == "conv" and isinstance(kernel, tuple) and set(kernel) == {1}


def _total_stride(known: Known, branch: Branch) -> tuple[int, ...] | None:
    """Return the total stride of a branch; None if it has other layers than windows."""
    total = (1,) * (branch.type.rank - 1)
    for layer in branch.layers:
        if passes_shape(layer):
            continue
        kernel, stride = layer.args.get("kernel"), layer.args.get("stride")
        steps = kernel if stride is None else stride
        if layer.kind not in WINDOWS or not isinstance(steps, tuple):
            return None
        total = tuple(a * b for a, b in zip(total, _each(wholes(steps), len(total)), strict=True))
    return total


# --- padding ------------------------------------------------------------------------------


def padded_alike(known: Known, branch: Branch) -> tuple[Shape, list[Layer]] | None:
    """Return a branch's shape with `same` padding of its windows, and the layers to pad.

    None if a layer changes the positions otherwise than a window does."""
    if not branch.layers:
        return None
    first = branch.layers[-1]
    sizes = known.types[first.inputs[0]].shape[1:] if first.inputs else ()
    padded = []
    for layer in reversed(branch.layers):
        if passes_shape(layer):
            continue
        stride = _stride_of(layer)
        if stride is None:
            return None
        if not _is_same(known, layer, stride):
            padded.append(layer)
        sizes = tuple(-(-n // s) for n, s in zip(sizes, _each(stride, len(sizes)), strict=True))
    return (branch.type.shape[0], *sizes), padded


def _stride_of(layer: Layer) -> tuple[int, ...] | None:
    """Return the stride of a layer's window; None if padding cannot keep all positions."""
    if layer.kind in ("conv", "depthwise"):
        return wholes(layer.args["stride"])
    kernel = layer.args.get("kernel")
    pools = layer.kind in ("maxpool", "avgpool") and layer.args.get("stride") == (1,)
    odd = isinstance(kernel, tuple) and all(k % 2 for k in wholes(kernel))
    return (1,) if pools and odd else None


def _each(stride: tuple[int, ...], axes: int) -> tuple[int, ...]:
    return stride * axes if len(stride) == 1 else stride


def _is_same(known: Known, layer: Layer, stride: tuple[int, ...]) -> bool:
    before, after = known.types[layer.inputs[0]].shape[1:], known.types[layer.id].shape[1:]
    wanted = tuple(-(-n // s) for n, s in zip(before, _each(stride, len(before)), strict=True))
    return after == wanted


def _same(layer: Layer) -> str:
    """Return the padding argument that keeps all positions."""
    if layer.kind in ("conv", "depthwise"):
        return "same"
    pads = tuple(k // 2 for k in wholes(layer.args["kernel"]))
    return str(pads[0]) if len(set(pads)) == 1 else shape_text(pads)


def _pads(layers: Sequence[Layer]) -> str:
    places: dict[str, list[str]] = {}
    for layer in layers:
        places.setdefault(f"`pad={_same(layer)}` in", []).append(f"`{layer.span.text}`")
    said = " and ".join(f"{what} {listed(where)}" for what, where in places.items())
    return f"write {said}, so that no positions are lost"


@guide(codes.CONCAT_SIZES_DIFFER)
def padded_branches(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Pad parallel windows of several sizes so that they keep the same positions."""
    branches = branches_of(known, site)
    axis = site.layer.args.get("axis")
    if not branches or not of_channels(branches) or axis not in (0, -branches[0].type.rank):
        return []
    padded: list[Layer] = []
    sizes = set()
    for branch in branches:
        found = padded_alike(known, branch) if branch.layers else (branch.type.shape, [])
        if found is None:
            return []
        sizes.add(found[0][1:])
        padded += found[1]
    if len(sizes) > 1 or not padded:
        return []
    edits = [set_value(layer, "pad", _same(layer)) for layer in padded]
    return [way(_pads(padded), (site.layer, *padded), *edits)]
