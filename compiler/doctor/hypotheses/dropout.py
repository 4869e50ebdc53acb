"""Mistakes in dropout: a missing factor, no mask."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Hypothesis, Site, hypothesis


def _dropouts(anatomy: Anatomy) -> Iterator[tuple[Node, Node, Node | None]]:
    """Yield every mask with its products in the forward and in the backward pass."""
    for mask in anatomy.graph:
        if mask.op == "dropout_mask":
            users = [anatomy.graph[i] for i in anatomy.graph.users[mask.id]]
            there = next(n for n in users if n.origin.role is Role.FORWARD)
            back = next((n for n in users if n.origin.role is Role.BACKWARD), None)
            yield mask, there, back


def _unscaled(anatomy: Anatomy) -> Iterator[Site]:
    for mask, there, back in _dropouts(anatomy):
        keep, layer = 1 - mask.real("rate"), mask.origin.layer
        places = [(there, f"{layer} leaves out entries, but does not divide by {keep:g}")]
        if back is not None:
            what = f"{layer} divides by {keep:g} going forward, but not going back"
            places.insert(0, (back, what))
        for node, what in places:

            def change(edit: Edit, id: int = node.id, keep: float = keep) -> None:
                edit.scale(id, keep)

            yield Site(layer, (node.id,), what, "a · mask", f"a · mask / {keep:g}", change)

        def both(edit: Edit, id: int = mask.id, keep: float = keep) -> None:
            edit.scale(id, keep)

        what = f"{layer} leaves out entries, but nowhere divides by {keep:g}"
        yield Site(layer, (mask.id,), what, "a · mask", f"a · mask / {keep:g}", both)


def _unmasked(anatomy: Anatomy) -> Iterator[Site]:
    for mask, _, back in _dropouts(anatomy):
        if back is not None:
            dy = next(i for i in back.inputs if i != mask.id)

            def change(edit: Edit, id: int = back.id, dy: int = dy) -> None:
                edit.become(id, dy)

            layer = mask.origin.layer
            what = f"the mask of {layer} is not applied to {anatomy.name_of(back.id)}"
            yield Site(layer, (back.id,), what, "da = dy", "da = dy · mask", change)


hypothesis(
    Hypothesis(
        slug="dropout-unscaled",
        title="a dropout does not divide by the share that it keeps",
        page="What is left is divided by the share that is kept, so that sums keep their size and "
        "nothing needs to change when the network is used. The way back multiplies by the same "
        "mask and divides by the same share.",
        wrong="dA = dY * mask",
        right="dA = dY * mask / keep",
        sites=_unscaled,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="dropout-mask-missing",
        title="the way back has no dropout mask",
        page="The units that were left out going forward have no gradient, so the gradient is "
        "multiplied by the mask of the forward pass as well.",
        wrong="dA = dY",
        right="dA = dY * mask / keep",
        sites=_unmasked,
        rank=2,
    )
)
