"""The right lines in the wrong order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...ir.op_graph import Node
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, Tuned, hypothesis


def _stepped(anatomy: Anatomy, uses: Sequence[tuple[str, Node]]) -> Tuned:
    """Let backward products use W − lr·dW."""

    def change(edit: Edit, rate: float) -> None:
        for name, node in uses:
            leaf, gradient = anatomy.reference.tensors[name], anatomy.params[name]
            step = edit.emit(node.id, "sub", leaf, edit.times(gradient, rate))
            edit.reroute(node.id, leaf, step)

    return change


def _at(change: Tuned, rate: float) -> Change:
    return lambda edit: change(edit, rate)


def _updated(anatomy: Anatomy) -> Iterator[Site]:
    uses = [
        (name, node)
        for name in anatomy.params
        if name in anatomy.weights
        for node in anatomy.backward_products(name)
    ]
    groups = [[use] for use in uses] + ([uses] if len(uses) > 1 else [])
    for group in groups:
        change = _stepped(anatomy, group)
        names = sorted({name for name, _ in group})
        nodes = tuple(node.id for _, node in group)
        layer = names[0].rpartition(".")[0] if len(names) == 1 else ""
        what = f"{' and '.join(names)} had been stepped already when the gradient went back through"
        right = "dx = dz Wᵀ"
        wrong = "dx = dz (W − lr·dW)ᵀ"
        if anatomy.rate is not None:
            text, fixed = f"{what}, with lr = {anatomy.rate:g}", _at(change, anatomy.rate)
            yield Site(layer, nodes, text, wrong, right, fixed)
        text = f"{what}, with lr = {{}}"
        yield Site(layer, nodes, text, wrong, right, tuned=change, rank=1)


hypothesis(
    Hypothesis(
        slug="updated-weights",
        title="weights are stepped before the gradient has gone back through them",
        page="The gradient of a layer's input is dZ @ W.T, with the weights of the forward pass. "
        "If W is updated as soon as dW is known, the layers in front get the gradient of a network "
        "that was never run. Compute all gradients first, then take all steps.",
        wrong="W2 -= lr * dW2;  dA1 = dZ2 @ W2.T",
        right="dA1 = dZ2 @ W2.T;  W2 -= lr * dW2",
        sites=_updated,
        rank=3,
    )
)
