"""Branches of a fork, for the remedies at a merge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from ...diagnostics.model import Edit
from ...ir.layer_graph import Layer
from ...ir.types import TensorType
from ...kinds.shapes.merges import listed
from ...source import Span
from ..channels import FAR, behind, feed, reads_channels
from ..edits import put_behind
from ..faults import Known, Site


@dataclass(frozen=True, slots=True)
class Branch:
    """The text of a branch, the layers written in it (last one first), and its type."""

    number: int
    span: Span
    layers: tuple[Layer, ...]
    end: Layer
    type: TensorType

    @property
    def text(self) -> str:
        """The branch's name in messages."""
        written = " ".join(self.span.text.split())
        return f"`{written}`" if len(written) <= 40 else f"branch {self.number}"

    def with_end(self, stages: str) -> Edit:
        """Return the edit that appends stages to the branch, or puts them in place of `id`."""
        if self.span.text == "id":
            return Edit(self.span, stages)
        return put_behind(self.span, stages)


def saying(branches: Sequence[Branch], stages: Sequence[str]) -> str:
    """Describe the effect of `with_end` on branches."""
    parts: dict[str, list[str]] = {}
    for branch, text in zip(branches, stages, strict=True):
        verb = "in place of" if branch.span.text == "id" else "at the end of"
        parts.setdefault(f"`{text}` {verb}", []).append(branch.text)
    said = [f"{part} {_places(part, places)}" for part, places in parts.items()]
    return f"write {listed(said)}"


def _places(part: str, places: list[str]) -> str:
    if not part.endswith("end of") or not all(place.startswith("`") for place in places):
        return listed(places)
    return f"the branch{'es' if len(places) > 1 else ''} {listed(places)}"


def branches_of(known: Known, site: Site) -> list[Branch]:
    """Return the branches of a merge; none if their text is not that of a fork."""
    layer = site.layer
    spans, ids = layer.branches, layer.inputs
    if site.activation or len(spans) != len(ids) or len(set(spans)) != len(spans):
        return []
    if any(feed(known, layer, i) is None for i in range(len(ids))):
        return []
    branches = [_branch(known, layer, i, span) for i, span in enumerate(spans)]
    return [_from_others(known, branch, branches) for branch in branches]


def _branch(known: Known, merge: Layer, index: int, span: Span) -> Branch:
    end = known.layers[merge.inputs[index]]
    inside = tuple(_inside(known, end, span))
    return Branch(index + 1, span, inside, end, known.types[end.id])


def _from_others(known: Known, branch: Branch, branches: list[Branch]) -> Branch:
    """Return a branch that refers to another one's value, with the layers in between."""
    starts = {other.end.id for other in branches if other.end.id != branch.end.id}
    if branch.layers or not starts:
        return branch
    between = [branch.end]
    for layer in islice(behind(known, branch.end), FAR):
        if layer.id in starts:
            return replace(branch, layers=tuple(between))
        between.append(layer)
    return branch


def _inside(known: Known, end: Layer, span: Span) -> Iterator[Layer]:
    for layer in (end, *behind(known, end)):
        place = layer.span
        if place.source is not span.source or not span.start <= place.start <= span.stop:
            return
        if place.stop > span.stop:
            return
        yield layer


def of_channels(branches: list[Branch]) -> bool:
    """Return whether values are images or signals, CxHxW or CxL, not positions of features, TxD."""
    if any(branch.type.rank != branches[0].type.rank for branch in branches):
        return False
    if branches[0].type.rank == 3:
        return True
    kinds = {layer.kind for branch in branches for layer in branch.layers}
    return branches[0].type.rank == 2 and any(reads_channels(kind) for kind in kinds)
