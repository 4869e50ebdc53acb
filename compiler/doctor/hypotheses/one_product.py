"""A slope that is missing in some of the places to which a layer's gradient goes, not in all.

    dW = xᵀ da      db = Σ da      dx = da Wᵀ

Each of them needs dz in the place of da; where one of them has it, the others are right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from ...ir.op_graph import Role
from ..anatomy import Activation, Anatomy, Judged
from ..rewriting import Edit
from .registry import Change, Site

Unsloped = Callable[[Edit], int]
"""Gives the node of da."""


@dataclass(frozen=True, slots=True)
class Use:
    """A node that computes something from dz, what that is called, whether it is a bias's gradient."""

    node: int
    name: str
    bias: bool = False


def without_slope(anatomy: Anatomy, active: Activation) -> Iterator[Site]:
    """Places where da stands for dz."""
    name = f"{anatomy.name_of(active.da)} in place of {anatomy.name_of(active.dz)}"
    yield from _sites(anatomy, active.layer, active.dz, name, lambda edit: active.da)


def without_output_slope(anatomy: Anatomy, judged: Judged) -> Iterator[Site]:
    """The same behind an output that the loss looks through: everywhere, or in one place."""
    if not judged.through or anatomy.graph[judged.y].op not in ("softmax", "sigmoid"):
        return
    op, name = anatomy.graph[judged.y].op, anatomy.name_of(judged.delta)
    start = _output_gradient(judged, op)
    what = f"{name} is the gradient at the output of the {op}: the {op}'s derivative is missing"
    formulas = (_formula(op), "dz = y − t")
    change: Change = lambda edit: edit.become(judged.delta, start(edit))  # noqa: E731
    yield Site(judged.layer, (judged.delta,), what, *formulas, change)
    text = f"the gradient at the output in place of {name}"
    yield from _sites(anatomy, judged.layer, judged.delta, text, start)


def _formula(op: str) -> str:
    return "dz = −t / y" if op == "softmax" else "dz = (y − t) / (y (1 − y))"


def _output_gradient(judged: Judged, op: str) -> Unsloped:
    """dz with −t/y, or with (y − t) / (y (1 − y)), where it has y − t."""

    def made(edit: Edit) -> int:
        like, y = judged.residual, judged.y
        if op == "softmax":
            start = edit.emit(like, "div", edit.times(judged.target, -1.0), y)
        else:
            rest = edit.emit(like, "sub", edit.number(like, 1.0), y)
            start = edit.original(like)
            start = edit.emit(like, "div", start, edit.emit(like, "mul", y, rest))
        return edit.clone(edit.original(judged.delta), {judged.residual: start})

    return made


def _uses(anatomy: Anatomy, dz: int) -> tuple[list[Use], list[Use]]:
    """The gradients of parameters that are computed from dz, and what is handed on from it."""
    own = [Use(p.node, f"d_{p.param}", p.a < 0) for p in anatomy.products if p.dz == dz]
    taken = {use.node for use in own}
    back = [
        Use(id, anatomy.name_of(id) or "what is handed on")
        for id in anatomy.graph.users[dz]
        if id not in taken and anatomy.graph[id].op == "matmul"
        if anatomy.graph[id].origin.role is Role.BACKWARD and anatomy.graph[id].inputs[0] == dz
    ]
    return own, back


def _sites(anatomy: Anatomy, layer: str, dz: int, text: str, start: Unsloped) -> Iterator[Site]:
    own, back = _uses(anatomy, dz)
    groups = [[use] for use in (*own, *back)] + ([own] if len(own) > 1 else [])
    for group in groups:
        names = " and ".join(use.name for use in group)
        verb = "is" if len(group) == 1 else "are"
        what = f"{names} {verb} computed from {text}: there the derivative is missing"
        wrong, right = _formulas(group[0], back)
        nodes = tuple(use.node for use in group)
        yield Site(layer, nodes, what, wrong, right, _rerouted(nodes, dz, start), rank=1)


def _formulas(use: Use, back: list[Use]) -> tuple[str, str]:
    if use in back:
        return "dx = da Wᵀ", "dx = dz Wᵀ"
    return ("db = Σ da", "db = Σ dz") if use.bias else ("dW = xᵀ da", "dW = xᵀ dz")


def _rerouted(nodes: tuple[int, ...], dz: int, start: Unsloped) -> Change:
    def change(edit: Edit) -> None:
        da = start(edit)
        for node in nodes:
            edit.reroute(node, dz, da)

    return change
