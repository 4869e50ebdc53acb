"""Printed losses that are not those whose gradients are taken, and factors of both."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...ir.op_graph import Role
from ..anatomy import PENALTY, Anatomy
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, Tuned, hypothesis
from .scale import data_nodes, scaled


def printed(anatomy: Anatomy) -> list[tuple[str, int]]:
    """The losses, without the penalty: the layer and the node of the value."""
    found: dict[int, str] = {}
    for name, id in anatomy.reference.tensors.items():
        origin = anatomy.graph[id].origin
        if name.endswith("_loss") and origin.role is Role.LOSS and origin.layer != PENALTY:
            found.setdefault(id, origin.layer)
    return [(layer, id) for id, layer in found.items()]


def printed_times(
    anatomy: Anatomy, factor: float, what: str, wrong: str, right: str, rank: int = 0
) -> Iterator[Site]:
    """The value of a loss is a multiple of what it should be; the gradients are right."""
    for layer, id in printed(anatomy):
        text = f"{what} (the gradients do not depend on it)"
        yield Site(layer, (id,), text, wrong, right, scaled([id], factor), rank=rank)


def throughout(
    anatomy: Anatomy, factor: float, what: str, wrong: str, right: str, rank: int = 0
) -> Iterator[Site]:
    """The same factor in the value of the loss and in all gradients, from the first one on."""
    values = [id for _, id in printed(anatomy)]
    deltas = [judged.gradient for judged in anatomy.judged]
    for nodes in ([*values, *deltas], [*values, *data_nodes(anatomy, list(anatomy.params))]):
        if values and anatomy.judged:
            change = scaled(nodes, factor)
            yield Site("", tuple(nodes), what, wrong, right, change, rank=rank)


# --- other formulas of the value ----------------------------------------------------------

FACTORS = (
    ("half of what it should be", "loss = ½ Σ l", 0.5),
    ("twice what it should be", "loss = 2 Σ l", 2.0),
    ("in decimal logarithms", "log10(y)", 1 / math.log(10)),
    ("in binary logarithms", "log2(y)", 1 / math.log(2)),
)


def _values(anatomy: Anatomy) -> Iterator[Site]:
    for text, wrong, factor in FACTORS:
        what = f"the printed loss is {text}"
        yield from printed_times(anatomy, factor, what, wrong, "the loss of the spec", 1)
    for layer, id in printed(anatomy):
        what = "the printed loss is the square root of the loss; its gradient is not"
        wrong, right = "loss = √mean(e²)", "loss = mean(e²)"
        yield Site(layer, (id,), what, wrong, right, _root(id), rank=1)
    for node in anatomy.graph:
        if node.op == "bce":
            yield from _halves(anatomy, node.origin.layer, node.id, *node.inputs)


def _root(id: int) -> Change:
    return lambda edit: edit.become(id, edit.emit(id, "sqrt", edit.original(id)))


def _halves(anatomy: Anatomy, layer: str, id: int, z: int, t: int) -> Iterator[Site]:
    """Of −t log y − (1 − t) log (1 − y) one term only."""
    for text, sure in (("−t log y", 1.0), ("−(1 − t) log (1 − y)", 0.0)):

        def change(edit: Edit, sure: float = sure) -> None:
            constant = edit.emit(id, "add", edit.times(t, 0.0), edit.number(id, sure))
            term = edit.emit(id, "bce", z, constant)
            share = t if sure else edit.emit(id, "sub", edit.number(id, 1.0), t)
            edit.become(id, edit.emit(id, "mul", term, share))

        what = f"the printed loss has the term {text} only; the gradients are those of both"
        right = "−t log y − (1 − t) log (1 − y)"
        yield Site(layer, (id,), what, text, right, change, rank=1)


# --- constant factors ---------------------------------------------------------------------


def _constants(anatomy: Anatomy) -> Iterator[Site]:
    for judged in anatomy.judged:
        start, name = judged.gradient, anatomy.name_of(judged.gradient)
        right = "the derivative of the loss as it is in the spec"
        for text, wrong, factor in (("half", "y − t", 0.5), ("twice", "2 (y − t)", 2.0)):
            what = f"{name} is {text} of what it should be: a factor 2 is lost, or not cancelled"
            change = scaled([start], factor)
            yield Site(judged.layer, (start,), what, wrong, right, change)
        what = f"{name} is {{}} times what it should be, and all gradients with it"
        yield Site(judged.layer, (start,), what, "c (y − t)", right, tuned=_times(start), rank=3)


def _times(id: int) -> Tuned:
    def change(edit: Edit, factor: float) -> None:
        edit.scale(id, factor)

    return change


hypothesis(
    Hypothesis(
        slug="loss-value",
        title="the printed loss is not the one whose gradient is taken",
        page="The value of a loss is only looked at, so a wrong one does no harm to the training, "
        "but it misleads: it cannot be compared with other programs, and a check of gradients by "
        "finite differences of it must fail. Print the loss that the gradients belong to.",
        wrong="loss = 0.5 * np.mean((Y - T) ** 2);  dY = 2 * (Y - T) / Y.size",
        right="loss = np.mean((Y - T) ** 2);  dY = 2 * (Y - T) / Y.size",
        sites=_values,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="constant-factor",
        title="a constant factor of the loss's gradient is lost or doubled",
        page="The derivative of e² is 2e, that of ½e² is e. With the factor of one and the loss of "
        "the other, all gradients are half or twice as large, as if the learning rate were "
        "another. The same comes of a mean that divides by a fixed number in place of the size "
        "of the batch.",
        wrong="loss = np.mean((Y - T) ** 2);  dY = (Y - T) / Y.size",
        right="loss = np.mean((Y - T) ** 2);  dY = 2 * (Y - T) / Y.size",
        sites=_constants,
        rank=4,
    )
)
