"""Remedies for skip connections past down- and upsampling that loses a row at odd sizes."""

from __future__ import annotations

from ...diagnostics.codes import shapes as codes
from ...ir.dims import Dim, Shape, shape_text
from ...ir.layer_graph import Layer
from ...ir.reading import wholes
from ...kinds.shapes.context import ShapeFault
from ..channels import behind, reads_channels
from ..faults import Known, Site, Way, guide
from .branches import Branch, branches_of, of_channels, saying
from .common import way


@guide(codes.BRANCHES_DIFFER, codes.CONCAT_SIZES_DIFFER)
def cropped(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Crop the larger branch to the positions that the other one kept."""
    branches = branches_of(known, site)
    if not branches or not of_channels(branches) or not _same_channels(site, branches):
        return []
    axes = list(zip(*(branch.type.shape[1:] for branch in branches), strict=True))
    if not all(_numbers(axis) for axis in axes):
        return []
    least = tuple(min(n for n in axis if isinstance(n, int)) for axis in axes)
    larger = [branch for branch in branches if branch.type.shape[1:] != least]
    stages = [f"crop {_ranges(branch.type.shape, least)}" for branch in larger]
    said = saying(larger, stages)
    edits = [b.with_end(s) for b, s in zip(larger, stages, strict=True)]
    return [way(f"{said}{_why(known, branches)}", (site.layer,), *edits)]


def _same_channels(site: Site, branches: list[Branch]) -> bool:
    if site.layer.kind == "concat":
        return site.layer.args.get("axis") in (0, -branches[0].type.rank)
    return len({branch.type.shape[0] for branch in branches}) == 1


def _numbers(sizes: tuple[Dim, ...]) -> bool:
    return all(isinstance(n, int) for n in sizes)


def _ranges(shape: Shape, least: tuple[int, ...]) -> str:
    """Return the ranges of all channels, and of as many positions from the middle of each axis."""
    starts = [(n - m) // 2 for n, m in zip(shape[1:], least, strict=True) if isinstance(n, int)]
    kept = [f"{a}:{a + m}" for a, m in zip(starts, least, strict=True)]
    return " ".join([f"0:{shape[0]}", *kept])


def _why(known: Known, branches: list[Branch]) -> str:
    """Describe which stage dropped positions, if one did."""
    for branch in branches:
        for layer in (branch.end, *behind(known, branch.end)):
            if said := _floored(known, layer):
                return said
    return ""


def _floored(known: Known, layer: Layer) -> str:
    kernel, stride = layer.args.get("kernel"), layer.args.get("stride")
    if (
        not reads_channels(layer.kind)
        or not isinstance(kernel, tuple)
        or layer.kind == "conv_transpose"
    ):
        return ""
    steps = kernel if stride is None else stride
    before, after = known.types[layer.inputs[0]].shape[1:], known.types[layer.id].shape[1:]
    if not isinstance(steps, tuple) or not _numbers((*before, *after)):
        return ""
    each = wholes(steps) * len(before) if len(steps) == 1 else wholes(steps)
    if all(n % s == 0 for n, s in zip(before, each, strict=True) if isinstance(n, int)):
        return ""
    return (
        f"; `{layer.span.text}` makes {shape_text(after)} of {shape_text(before)}, "
        f"which {shape_text(each) if len(set(each)) > 1 else each[0]} does not divide"
    )
