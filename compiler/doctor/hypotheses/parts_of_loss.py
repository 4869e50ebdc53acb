"""Changes inside a loss: in its value and its gradient, in the gradient alone, in the value alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ...ir.op_graph import Node, Role
from ..anatomy import PENALTY, Anatomy
from ..rewriting import Edit
from .registry import Change

Instead = Callable[[Edit], Mapping[int, int]]
"""Gives the nodes that take the place of others."""


def losses(anatomy: Anatomy) -> list[str]:
    """The layers of losses."""
    found = {n.origin.layer: None for n in anatomy.graph if n.origin.role is Role.LOSS}
    return [
        layer
        for layer in found
        if f"{layer}_loss" in anatomy.reference.tensors and layer != PENALTY
    ]


def nodes_of(anatomy: Anatomy, layer: str, op: str) -> list[Node]:
    """The nodes of an op in a layer."""
    return [n for n in anatomy.graph if n.origin.layer == layer and n.op == op]


def changes(
    anatomy: Anatomy, layer: str, instead: Instead
) -> Iterator[tuple[str, tuple[int, ...], Change]]:
    """In which part of a loss something is changed, which nodes that is, and the change."""
    value = anatomy.reference.tensors[f"{layer}_loss"]
    deltas = _deltas(anatomy, layer)

    def everywhere(edit: Edit) -> None:
        for old, new in instead(edit).items():
            edit.become(old, new)

    yield "in the loss and its gradient", (value, *deltas), everywhere
    yield "in the gradient, but not in the printed loss", deltas, _cloned(deltas, instead)
    yield "in the printed loss, but not in the gradient", (value,), _cloned((value,), instead)


def _deltas(anatomy: Anatomy, layer: str) -> tuple[int, ...]:
    """The gradients that a loss hands to the network."""
    named = dict.fromkeys(anatomy.gradient_of.values())
    return tuple(id for id in named if anatomy.graph[id].origin.layer == layer)


def _cloned(ids: tuple[int, ...], instead: Instead) -> Change:
    def change(edit: Edit) -> None:
        taken = instead(edit)
        # what takes a node's place may itself be computed from others that are replaced
        made = {
            old: edit.clone(new, {o: n for o, n in taken.items() if o != old})
            for old, new in taken.items()
        }
        for id in ids:
            edit.become(id, edit.clone(edit.original(id), made))

    return change
