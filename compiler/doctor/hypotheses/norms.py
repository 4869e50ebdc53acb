"""Mistakes in normalisation: missing terms of the gradient."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...ir.op_graph import Node, Role
from ..anatomy import Anatomy
from ..interpreter import Array, mistake
from ..rewriting import Edit
from .registry import Hypothesis, Site, hypothesis

NORMS = ("standardized_dx", "rms_normalized_dx")

# --- the ops of mutants -------------------------------------------------------------------


@mistake
def mean_part(dy: Array, y: Array, stats: Array, *rest: Array, axes: tuple[int, ...]) -> Array:
    """The term of the mean in the gradient of a standardized value: −mean(dy) / deviation."""
    return np.asarray(-dy.mean(axis=axes, keepdims=True) * np.ones_like(dy) * stats[1])


@mistake
def deviation_part(dy: Array, y: Array, stats: Array, *rest: Array, axes: tuple[int, ...]) -> Array:
    """The term of the deviation: −y mean(dy·y) / deviation."""
    return np.asarray(-y * (dy * y).mean(axis=axes, keepdims=True) * stats[1])


@mistake
def size_part(dy: Array, y: Array, size: Array) -> Array:
    """The term of the root mean square: −y mean(dy·y) / size."""
    return np.asarray(-y * (dy * y).mean(axis=-1, keepdims=True) * size)


# --- terms --------------------------------------------------------------------------------

PARTS = {
    "mean_part": ("mean", "mean(dy)"),
    "deviation_part": ("deviation", "x̂ mean(dy·x̂)"),
    "size_part": ("mean square", "x̂ mean(dy·x̂)"),
}
RIGHT = "dx = (dy − mean(dy) − x̂ mean(dy·x̂)) / σ"


def _of_batch(anatomy: Anatomy, node: Node) -> bool:
    """Return whether statistics are of the batch, as a batchnorm's are in training."""
    return anatomy.graph[node.inputs[2]].op == "batch_stats"


def _norms(anatomy: Anatomy, *, batch: bool) -> Iterator[Node]:
    """Yield the backward ops of norms whose statistics depend on x: of a batch in training only."""
    for node in anatomy.graph:
        seen = not batch or anatomy.values.leaves.train
        if seen and node.op in NORMS and _of_batch(anatomy, node) is batch:
            yield node


def _without(anatomy: Anatomy, node: Node, *parts: str) -> Site:
    """Return a site at which terms of the gradient are missing."""

    def change(edit: Edit) -> None:
        total = edit.original(node.id)
        for part in parts:
            left_out = edit.apply(node.id, part, *node.inputs, **dict(node.attrs))
            total = edit.emit(node.id, "sub", total, left_out)
        edit.become(node.id, total)

    named = " and the ".join(PARTS[part][0] for part in parts)
    layer = node.origin.layer
    name = anatomy.name_of(node.id) or f"the gradient that {layer} hands on"
    what = f"{name} has no part from the {named} of {layer}, as if {'it' if len(parts) == 1 else 'they'}"
    what += f" did not depend on {'the batch' if _of_batch(anatomy, node) else 'x'}"
    wrong_line = RIGHT
    for part in parts:
        wrong_line = wrong_line.replace(f" − {PARTS[part][1]}", "")
    right = RIGHT if "size_part" not in parts else RIGHT.replace(" − mean(dy)", "")
    wrong_line = wrong_line if "size_part" not in parts else "dx = dy / σ"
    return Site(layer, (node.id,), what, wrong_line, right, change, rank=len(parts) - 1)


def _no_mean(anatomy: Anatomy) -> Iterator[Site]:
    for node in _norms(anatomy, batch=True):
        yield _without(anatomy, node, "mean_part")


def _no_variance(anatomy: Anatomy) -> Iterator[Site]:
    for node in _norms(anatomy, batch=True):
        yield _without(anatomy, node, "deviation_part")
        yield _without(anatomy, node, "mean_part", "deviation_part")


def _of_rows(anatomy: Anatomy) -> Iterator[Site]:
    for node in _norms(anatomy, batch=False):
        if node.op == "rms_normalized_dx":
            yield _without(anatomy, node, "size_part")
            continue
        yield _without(anatomy, node, "mean_part")
        yield _without(anatomy, node, "deviation_part")
        yield _without(anatomy, node, "mean_part", "deviation_part")


def _no_gain(anatomy: Anatomy) -> Iterator[Site]:
    """Yield gradients of the standardized values without γ."""
    for node in anatomy.graph:
        back = node.op == "mul" and node.origin.role is Role.BACKWARD
        if not back or not anatomy.name_of(node.id).endswith("_hat"):
            continue
        dy = node.inputs[0]

        def change(edit: Edit, id: int = node.id, dy: int = dy) -> None:
            edit.become(id, dy)

        if anatomy.graph[dy].type.shape == node.type.shape:
            what = f"{anatomy.name_of(node.id)} lacks the factor γ of {node.origin.layer}"
            yield Site(node.origin.layer, (node.id,), what, "dx̂ = dy", "dx̂ = dy · γ", change)


hypothesis(
    Hypothesis(
        slug="batchnorm-no-mean",
        title="the mean's part of a batchnorm's gradient is missing",
        page="The mean is computed from x as well, so moving one entry moves the mean of its column: "
        "the gradient loses its own mean over the batch. Behind a batchnorm every column of dX adds "
        "up to 0; if yours does not, this part is missing.",
        wrong="dX = (dXhat - Xhat * (dXhat * Xhat).mean(0)) / std",
        right="dX = (dXhat - dXhat.mean(0) - Xhat * (dXhat * Xhat).mean(0)) / std",
        sites=_no_mean,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="batchnorm-no-variance",
        title="the variance's part of a batchnorm's gradient is missing",
        page="The variance is computed from x as well. Treated as a constant, it leaves the gradient "
        "a part along the standardized values that it must not have.",
        wrong="dX = (dXhat - dXhat.mean(0)) / std",
        right="dX = (dXhat - dXhat.mean(0) - Xhat * (dXhat * Xhat).mean(0)) / std",
        sites=_no_variance,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="layernorm-term",
        title="a part of a layernorm's gradient is missing",
        page="Mean and deviation of a row are computed from its own entries. The gradient has three "
        "parts: the direct one, the mean's and the deviation's. An RMS norm has no mean, so two.",
        wrong="dX = dXhat / std",
        right="dX = (dXhat - dXhat.mean(-1, keepdims=True) - Xhat * (dXhat * Xhat).mean(-1, keepdims=True)) / std",
        sites=_of_rows,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="norm-gain",
        title="the gain is missing on the way back through a norm",
        page="In y = γ x̂ + β the gradient of x̂ is dy · γ. With γ at its start of 1 nothing is seen; "
        "as soon as it has been trained, all layers in front get a wrong gradient.",
        wrong="dXhat = dY",
        right="dXhat = dY * gamma",
        sites=_no_gain,
        rank=2,
    )
)
