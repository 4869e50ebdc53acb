"""Dropout: factors missing, another mask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..interpreter import Array, Evaluation, mistake
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis


@mistake
def given_mask(x: Array, *, mask: tuple[float, ...]) -> Array:
    """A mask that was found."""
    return np.array(mask).reshape(x.shape)


def _dropouts(anatomy: Anatomy) -> Iterator[tuple[Node, Node, Node | None]]:
    """Every mask, the product with it on the way forward, and that on the way back."""
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


def _other_masks(anatomy: Anatomy) -> Iterator[Site]:
    for mask, _, back in _dropouts(anatomy):
        if back is None:
            continue
        layer, name = mask.origin.layer, anatomy.name_of(back.id)
        dy = next(i for i in back.inputs if i != mask.id)

        def unmasked(edit: Edit, id: int = back.id, dy: int = dy) -> None:
            edit.become(id, dy)

        formulas = ("da = dy · new_mask", "da = dy · mask")
        what = f"the mask of {layer} is not applied to {name}"
        yield Site(layer, (back.id,), what, "da = dy", "da = dy · mask", unmasked)

        def solved(
            values: Evaluation, given: Mapping[str, Array], mask: int = mask.id, back: int = back.id
        ) -> Change | None:
            return _found_mask(anatomy, values, given, mask, back)

        what = f"{name} has another mask of {layer} than the way forward"
        yield Site(layer, (back.id,), what, *formulas, solved=solved, rank=1)


def _found_mask(
    anatomy: Anatomy, values: Evaluation, given: Mapping[str, Array], mask: int, back: int
) -> Change | None:
    """The change to the mask that the given arrays show, if they do show one."""
    keep = 1 - values.graph[mask].real("rate")
    edit = Edit.of(values.graph)
    dy = next(i for i in values.graph[back].inputs if i != mask)
    edit.become(back, dy)
    plain = values.of(edit.graph(values.graph))  # as if the mask were 1
    for id, array in _seen(anatomy, plain, given, back):
        want = plain[id]
        if array.shape != want.shape or want.shape != plain[back].shape:
            continue
        zero = np.abs(want) <= 1e-12 * np.abs(want).max(initial=0.0)
        ratio = np.where(zero, 0.0, array / np.where(zero, 1.0, want))
        factors = [f for f in (1 / keep, 1.0) if _is_mask(ratio, f)]
        if factors:
            found = tuple(map(float, np.where(ratio > factors[0] / 2, factors[0], 0.0).ravel()))
            return _masked(back, dy, found)
    return None


def _masked(back: int, dy: int, mask: tuple[float, ...]) -> Change:
    def change(edit: Edit) -> None:
        other = edit.apply(back, "given_mask", dy, mask=mask)
        edit.become(back, edit.emit(back, "mul", dy, other))

    return change


def _is_mask(ratio: Array, factor: float) -> bool:
    """Whether all entries are 0 or the factor, and both come up."""
    near = np.minimum(np.abs(ratio), np.abs(ratio - factor)) < 1e-2 * factor
    return bool(near.all() and (ratio > factor / 2).any())


def _seen(
    anatomy: Anatomy, plain: Evaluation, given: Mapping[str, Array], back: int
) -> Iterator[tuple[int, Array]]:
    """Given gradients at or behind the mask; from xᵀ dz and x, where x has rank enough, dz."""
    graph = anatomy.graph
    reached = {back}
    for node in graph.nodes:
        if node.origin.role is Role.BACKWARD and not reached.isdisjoint(node.inputs):
            reached.add(node.id)
    for name, array in given.items():
        id = anatomy.reference.tensors[name]
        if id not in reached:
            continue
        yield id, np.asarray(array, np.float64)
        node = graph[id]
        if node.op == "matmul" and graph[node.inputs[0]].op == "transpose":
            x = plain[node.inputs[0]]  # xᵀ
            if array.shape == plain[id].shape and np.linalg.matrix_rank(x) == x.shape[1]:
                yield node.inputs[1], np.linalg.pinv(x) @ np.asarray(array, np.float64)


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
        slug="new-dropout-mask",
        title="the way back has another dropout mask than the way forward",
        page="The units that were left out going forward have no gradient, and only they. The mask "
        "has to be kept from the forward pass; drawing it again gives another one.",
        wrong="dA = dY * (rng.random(dY.shape) < keep) / keep",
        right="dA = dY * mask / keep",
        sites=_other_masks,
        rank=3,
    )
)
