"""Wrong ways forward: another activation, a bias left out, a softmax over another axis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis

Make = Callable[[Edit, int], int]
"""Makes an activation's node from that of z."""


def _op(name: str) -> Make:
    return lambda edit, z: edit.emit(z, name, z)


def _leaky(slope: float) -> Make:
    return lambda edit, z: edit.emit(z, "leaky_relu", z, slope=slope)


def _negated(name: str) -> Make:
    return lambda edit, z: edit.emit(z, name, edit.times(z, -1.0))


FUNCTIONS: dict[str, tuple[str, Make]] = {
    **{name: (f"a = {name}(z)", _op(name)) for name in ("sigmoid", "tanh", "relu", "softplus")},
    "the identity": ("a = z", lambda edit, z: edit.times(z, 1.0)),
    "the absolute value": ("a = |z|", _op("abs")),
    "a sigmoid of −z": ("a = 1 / (1 + exp(z))", _negated("sigmoid")),
    "a leaky relu with slope 0.01": ("a = max(z, 0.01 z)", _leaky(0.01)),
    "a leaky relu with slope 0.1": ("a = max(z, 0.1 z)", _leaky(0.1)),
}
"""What people compute in place of an activation."""


def _wrong_activation(anatomy: Anatomy) -> Iterator[Site]:
    values = [(a.layer, a.op, a.z, a.a, 0) for a in anatomy.activations]
    for judged in anatomy.judged:
        if judged.z != judged.y and judged.through:
            node = anatomy.graph[judged.y]
            values.append((node.origin.layer, node.op, judged.z, judged.y, 1))
    for layer, own, z, a, rank in values:
        for name, (formula, make) in FUNCTIONS.items():
            if name != own:
                what = f"{layer} computes {name} on the way forward, but it is a {own}"
                for nodes, change in _and_the_loss(anatomy, a, _instead(a, z, make)):
                    yield Site(layer, nodes, what, formula, f"a = {own}(z)", change, rank=rank)


def _instead(a: int, z: int, make: Make) -> Change:
    return lambda edit: edit.become(a, make(edit, z))


def _and_the_loss(
    anatomy: Anatomy, a: int, change: Change
) -> Iterator[tuple[tuple[int, ...], Change]]:
    """The change alone, and with a loss that is computed from y where it could be from z."""
    yield (a,), change
    for judged in anatomy.judged:
        rows = [n for n in anatomy.graph if n.op in NAIVE and n.inputs[1] == judged.target]
        if judged.y == a and judged.through and rows:
            yield (a, rows[0].id), _with_loss_of(change, rows[0], a)


NAIVE = {"crossentropy": "naive_crossentropy", "bce": "naive_bce"}
"""Losses of z, and the same of y."""


def _with_loss_of(change: Change, rows: Node, y: int) -> Change:
    def both(edit: Edit) -> None:
        change(edit)
        made = edit.apply(rows.id, NAIVE[rows.op], y, rows.inputs[1], single=False)
        edit.become(rows.id, made)

    return both


def _missing_bias(anatomy: Anatomy) -> Iterator[Site]:
    for node, bias in anatomy.added_biases:
        what = f"{bias.word('name')} is not added on the way forward"
        change = _instead(node.id, node.inputs[0], lambda edit, z: z)
        formulas = ("z = x W", "z = x W + b")
        yield Site(node.origin.layer, (node.id,), what, *formulas, change)


def _softmax_axis(anatomy: Anatomy) -> Iterator[Site]:
    right = "exp(z) / Σ exp(z), in each row"
    for node in anatomy.graph:
        if node.op != "softmax" or node.origin.role is not Role.FORWARD or node.type.rank != 2:
            continue
        for axis, text in ((0, "over the rows of the batch"), (None, "over all entries")):

            def change(edit: Edit, id: int = node.id, axis: int | None = axis) -> None:
                z = edit.nodes[id].inputs[0]
                edit.become(id, edit.apply(id, "softmax_along", z, axis=axis))

            what = f"the softmax of {node.origin.layer} adds up to 1 {text}, not in each row"
            wrong = f"np.exp(z) / np.exp(z).sum({'' if axis is None else 'axis=0'})"
            for nodes, both in _and_the_loss(anatomy, node.id, change):
                yield Site(node.origin.layer, nodes, what, wrong, right, both)


hypothesis(
    Hypothesis(
        slug="wrong-activation",
        title="a layer computes another activation on the way forward",
        page="The values differ from the layer's activation on, and so does all that is computed from "
        "them. The way back may be right for the function that is meant, or for the one that is "
        "computed; here it is taken to be that of the network.",
        wrong="A1 = 1 / (1 + np.exp(Z1))",
        right="A1 = 1 / (1 + np.exp(-Z1))",
        sites=_wrong_activation,
        rank=3,
    )
)
hypothesis(
    Hypothesis(
        slug="missing-bias",
        title="a bias is left out on the way forward",
        page="z = x W + b. Without the bias the layer computes something else, though its gradient "
        "may still be the sum of dz over the rows.",
        wrong="Z1 = X @ W1",
        right="Z1 = X @ W1 + b1",
        sites=_missing_bias,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="softmax-axis",
        title="the softmax is taken along the wrong axis",
        page="The probabilities of one sample add up to 1. With samples in rows that is a sum over "
        "axis 1, with samples in columns over axis 0; without an axis, all samples share one sum.",
        wrong="np.exp(Z) / np.exp(Z).sum(axis=0)",
        right="np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)",
        sites=_softmax_axis,
        rank=2,
    )
)
