"""Weights of another layer on the way back."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.op_graph import Node
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis


def _wrong_weights(anatomy: Anatomy) -> Iterator[Site]:
    names = [n for n in anatomy.params if n in anatomy.weights]
    for name in names:
        for node in (n for n in anatomy.backward_products(name) if n.op == "transpose"):
            for other in (n for n in names if n != name):
                for change in _through(anatomy, node, other):
                    what = f"the gradient goes back through {other} where it should through {name}"
                    layer, wrong = name.rpartition(".")[0], "dx = dz W_otherᵀ"
                    yield Site(layer, (node.id,), what, wrong, "dx = dz Wᵀ", change)


def _through(anatomy: Anatomy, node: Node, other: str) -> Iterator[Change]:
    """The other weights' transpose, themselves, or the transpose of their first columns."""
    leaf = anatomy.reference.tensors[other]
    shape, wanted = anatomy.values[leaf].shape, anatomy.values[node.inputs[0]].shape
    if len(shape) != 2:
        return
    if shape == wanted:
        yield lambda edit: edit.become(node.id, edit.apply(node.id, "turned", leaf))
    if shape == wanted[::-1]:
        yield lambda edit: edit.become(node.id, leaf)
    if shape[0] == wanted[0] and shape[1] > wanted[1]:
        yield _first_columns(node, leaf, wanted[1])


def _first_columns(node: Node, leaf: int, count: int) -> Change:
    def change(edit: Edit) -> None:
        part = edit.apply(leaf, "columns_up_to", leaf, count=count)
        edit.become(node.id, edit.apply(node.id, "turned", part))

    return change


hypothesis(
    Hypothesis(
        slug="wrong-weights",
        title="the gradient goes back through another layer's weights",
        page="dA1 = dZ2 @ W2.T: what came forward through W2 goes back through W2. An index that is "
        "off by one takes the weights of the layer before, which NumPy only notices where shapes "
        "differ.",
        wrong="dA1 = dZ2 @ W1.T",
        right="dA1 = dZ2 @ W2.T",
        sites=_wrong_weights,
        rank=2,
    )
)
