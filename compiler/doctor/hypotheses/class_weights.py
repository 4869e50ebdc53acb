"""Weights of classes: in a program and not in the spec, or the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ...ir.op_graph import Node
from ..anatomy import Anatomy, Judged
from ..rewriting import Edit
from .loss import instead_of_residual
from .parts_of_loss import Instead, changes, losses, nodes_of
from .registry import Hypothesis, Site, hypothesis


def _weights(anatomy: Anatomy) -> Iterator[Site]:
    """Weights of classes that the spec has not, or has and that are left out."""
    yield from _of_spec(anatomy)
    for judged in anatomy.judged:
        target = anatomy.values[judged.target]
        onehot = bool(np.isin(target, (0, 1)).all()) and bool((target.sum(axis=-1) == 1).all())
        if target.ndim != 2 or target.shape[-1] < 2 or not onehot:
            continue
        counts = target.sum(axis=0)
        with np.errstate(divide="ignore"):
            balanced = np.where(counts > 0, len(target) / (len(counts) * counts), 0.0)
        weights = target @ balanced
        for text, rows in (
            ("the rarer, the larger", weights),
            ("the rarer, the larger, divided by their sum", weights / weights.mean()),
        ):

            def make(edit: Edit, j: Judged = judged, rows: Any = rows) -> int:
                column = edit.emit(j.delta, "const", value=tuple(rows.tolist()), shape=(len(rows),))
                column = edit.apply(j.residual, "turned", column)
                return edit.apply(j.residual, "mul", edit.original(j.residual), column)

            what = f"rows are weighted by their class, {text}, but the spec has no weights"
            formulas = ("dz = w[class] · (y − t)", "dz = y − t")
            change = instead_of_residual(judged, make)
            yield Site(judged.layer, (judged.delta,), what, *formulas, change)


def _of_spec(anatomy: Anatomy) -> Iterator[Site]:
    """Weights that the spec has: left out, or not in what the mean is divided by."""
    for layer in losses(anatomy):
        weighted = [n for n in nodes_of(anatomy, layer, "mul") if _weighs(anatomy, n)]
        sums = nodes_of(anatomy, layer, "select")
        if not weighted:
            continue
        for text, wrong, instead in (
            ("the weights of the classes are missing", "dz = (y − t) / B", _unweighted(weighted)),
            (
                "the mean is divided by the rows, not by their weights,",
                "w (y − t) / B",
                _by_rows(sums),
            ),
            (
                "the mean is divided by the weights, not by the rows,",
                "w (y − t) / Σ w",
                _by_weights(sums),
            ),
        ):
            for where, nodes, change in changes(anatomy, layer, instead):
                yield Site(layer, nodes, f"{text} {where}", wrong, "dz = w (y − t) / Σ w", change)


def _weighs(anatomy: Anatomy, node: Node) -> bool:
    """Whether a product is of weights, one for each class, and the target."""
    weights, target = (anatomy.graph[i] for i in node.inputs)
    return weights.op in ("const", "target") and weights.type.rank == 1 and target.op == "target"


def _unweighted(weighted: list[Node]) -> Instead:
    return lambda edit: {node.id: node.inputs[1] for node in weighted}


def _by_rows(sums: list[Node]) -> Instead:
    def instead(edit: Edit) -> Mapping[int, int]:
        ones = {}
        for node in sums:
            nothing = edit.times(edit.original(node.id), 0.0)
            ones[node.id] = edit.emit(node.id, "add", nothing, edit.number(node.id, 1.0))
        return ones

    return instead


def _by_weights(sums: list[Node]) -> Instead:
    return lambda edit: {node.id: node.inputs[1] for node in sums}


hypothesis(
    Hypothesis(
        slug="class-weights",
        title="rows are weighted by their classes, or should be and are not",
        page="A loss with weights of classes has them in its gradient, row by row, and divides by the "
        "sum of the weights. The same weights must be in both.",
        wrong="dZ = w[labels][:, None] * (Y - T) / m",
        right="dZ = (Y - T) / m",
        sites=_weights,
        rank=3,
    )
)
