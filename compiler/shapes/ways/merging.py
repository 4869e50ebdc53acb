"""Remedies for merges of values that differ in their features, axes or number."""

from __future__ import annotations

import re

from ...diagnostics.codes import shapes as codes
from ...diagnostics.model import Edit
from ...ir.dims import Shape, product, shape_text
from ...ir.types import TensorType
from ...kinds.shapes.context import ShapeFault
from ...layers import LAYERS
from ...source import Span
from ..edits import set_value
from ..faults import Known, Site, Way, guide
from .branches import Branch, branches_of, of_channels, saying
from .common import way
from .positions import RECURRENT


@guide(codes.BRANCHES_DIFFER)
def features(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Adapt the shortcut, or the later branch, to the features of the other branch."""
    branches = branches_of(known, site)
    if len({branch.type.shape[:-1] for branch in branches}) != 1 or branches[0].type.rank > 2:
        return []
    model = max(branches, key=lambda branch: len(branch.layers))
    units = model.type.shape[-1]
    others = [b for b in branches if b.type.shape != model.type.shape]
    if not all(isinstance(b.type.shape[-1], int) for b in branches) or not isinstance(units, int):
        return []
    edits, said = [], []
    for branch in others:
        end = branch.layers[0] if branch.layers else None
        if end is not None and end.kind == "dense" and end.args.get("tie") is None:
            edits.append(Edit(end.given["units"], str(units)))
            said.append(f"give `{end.span.text}` {units} units")
        else:
            edits.append(branch.with_end(f"dense {units}"))
            said.append(saying([branch], [f"dense {units}"]))
    ways = [way(" and ".join(said), (site.layer, *(b.end for b in others if b.layers)), *edits)]
    if site.layer.kind in ("add", "mean"):
        join = "join the branches with `concat axis=-1`"
        ways.append(way(join, (site.layer,), Edit(site.layer.head, "concat axis=-1")))
    return ways


@guide(codes.BRANCHES_DIFFER)
def arranged(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Rearrange branches of equally many entries, or add axes that the other branch has."""
    branches = branches_of(known, site)
    if not branches or any(branch.type.ragged for branch in branches):
        return []
    model = max(branches, key=lambda branch: branch.type.rank)
    others = [b for b in branches if b.type.shape != model.type.shape]
    stages = [_arranging(b.type.shape, model.type.shape) for b in others]
    if not all(stages):
        return []
    said = saying(others, stages)
    edits = [b.with_end(s) for b, s in zip(others, stages, strict=True)]
    return [way(said, (site.layer,), *edits)]


def _arranging(shape: Shape, wanted: Shape) -> str:
    """Return the stages that convert one shape to another, or an empty string."""
    if not all(isinstance(n, int) for n in wanted):
        return "transpose" if len(shape) == 2 and shape == wanted[::-1] else ""
    if len(shape) == 2 and shape == wanted[::-1]:
        return "transpose"
    if product(shape) == product(wanted):
        return f"reshape {shape_text(wanted)}"
    if len(wanted) == 3 and shape in (wanted[:1], (wanted[0], 1, 1)):
        spread = f"upsample {shape_text(wanted[1:])}"
        return spread if len(shape) == 3 else f"reshape {wanted[0]}x1x1 -> {spread}"
    if len(wanted) == 3 and shape == (1, *wanted[1:]):
        return f"reshape {shape_text(wanted[1:])} -> repeat {wanted[0]}"
    if len(wanted) == 2 and shape == wanted[1:]:
        return f"repeat {wanted[0]}"
    return ""


# --- concat -------------------------------------------------------------------------------


@guide(codes.CONCAT_NEEDS_AXIS, codes.CONCAT_SIZES_DIFFER)
def along_axis(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Merge along the axes in which all branches match."""
    branches = branches_of(known, site)
    if not branches or len({branch.type.rank for branch in branches}) != 1:
        return []
    rank, shapes = branches[0].type.rank, [branch.type.shape for branch in branches]
    fitting = [
        axis
        for axis in range(rank)
        if len({(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}) == 1
        and not any(b.type.ragged and b.type.ragged_axis == axis for b in branches)
    ]
    if len(fitting) == rank:
        fitting = [0, rank - 1]
    if not of_channels(branches):
        fitting.reverse()
    return [_axis_way(site, branches, axis) for axis in fitting]


def _axis_way(site: Site, branches: list[Branch], axis: int) -> Way:
    rank = branches[0].type.rank
    written = -1 if axis == rank - 1 else axis
    what = "the channels" if axis == 0 and of_channels(branches) else "the last axis"
    if axis and axis < rank - 1:
        what = f"axis {axis}"
    elif axis == 0 and not of_channels(branches):
        what = "the first axis"
    title = f"join {what} with `concat axis={written}`"
    return way(title, (site.layer,), set_value(site.layer, "axis", str(written)))


@guide(codes.CONCAT_SIZES_DIFFER)
def one_axis_count(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Flatten branches with several axes, or let a recurrent one return all its states."""
    branches = branches_of(known, site)
    if not branches:
        return []
    return _all_states(known, site, branches) or _flattened(site, branches)


def _all_states(known: Known, site: Site, branches: list[Branch]) -> list[Way]:
    """Correct `[id, lstm 8]`: use the state at every position."""
    vectors = [branch for branch in branches if branch.type.rank == 1]
    rest = [branch for branch in branches if branch.type.rank != 1]
    if not vectors or not rest or any(branch.type.rank != 2 for branch in rest):
        return []
    if any(not branch.layers or branch.layers[0].kind not in RECURRENT for branch in vectors):
        return []
    cells = [branch.layers[0] for branch in vectors]
    lengths = {known.types[cell.inputs[0]].shape[0] for cell in cells}
    if of_channels(rest) or {branch.type.shape[0] for branch in rest} != lengths:
        return []
    edits = [set_value(cell, "return", "all") for cell in cells]
    if site.layer.args.get("axis") not in (1, -1):
        edits.append(set_value(site.layer, "axis", "-1"))
    listed = " and ".join(f"`{cell.span.text}`" for cell in cells)
    return [way(f"write `return=all` in {listed}", (site.layer, *cells), *edits)]


def _flattened(site: Site, branches: list[Branch]) -> list[Way]:
    several = [branch for branch in branches if branch.type.rank > 1]
    stages = [_as_vector(branch.type) for branch in several]
    if not all(stages):
        return []
    edits = [b.with_end(s) for b, s in zip(several, stages, strict=True)]
    if site.layer.args.get("axis") not in (None, 0, -1):
        edits.append(Edit(site.layer.given["axis"], "-1"))
    said = saying(several, stages)
    return [way(said, (site.layer,), *edits)]


def _as_vector(type: TensorType) -> str:
    if isinstance(product(type.shape), int) and not type.ragged:
        return "flatten"
    if type.rank == 2 and isinstance(type.shape[1], int) and type.ragged_axis == 0:
        return "mean axis=0"
    return "global_avgpool" if isinstance(type.shape[0], int) and type.ragged_axis != 0 else ""


# --- how many -----------------------------------------------------------------------------


@guide(codes.BRANCH_COUNT)
def lone_branch(known: Known, site: Site, fault: ShapeFault) -> list[Way]:
    """Correct a fork with a single branch."""
    layer = site.layer
    if len(layer.branches) != 1 or layer.span.text != LAYERS[layer.kind].word:
        return []
    branch, text = layer.branches[0], layer.span.source.text
    opened = re.search(r"\[\s*$", text[: branch.start])
    if (
        opened is None
        or re.fullmatch(r"\s*\]\s*->\s*", text[branch.stop : layer.span.start]) is None
    ):
        return []
    source = branch.source
    edits = (
        Edit(Span(source, opened.start(), branch.start), ""),
        Edit(Span(source, branch.stop, layer.span.stop), ""),
    )
    return [way(f"leave out the fork and `{layer.word}`: there is one branch", (layer,), *edits)]
