"""Mistakes in sums of gradients: rows of a table, shared weights, paths, examples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ...ir.op_graph import Role
from ..anatomy import Anatomy
from ..interpreter import Array, mistake
from ..rewriting import Edit
from .registry import Change, Hypothesis, Site, hypothesis
from .scale import gradients, places, scaled

# --- the ops of mutants -------------------------------------------------------------------


@mistake
def rows_overwritten(rows: Array, ids: Array, *, count: int, within: str) -> Array:
    """A table in which a repeated id overwrites its row.

    `within` is the scope of overwriting: the whole batch, each example, or each step.
    """
    table = np.zeros((count, rows.shape[-1]))
    if within == "the batch":
        table[ids] = rows
        return table
    turned = within == "each step"
    moved, named = (rows.swapaxes(0, 1), ids.swapaxes(0, 1)) if turned else (rows, ids)
    for one, where in zip(moved, named, strict=True):
        table[where] += one
    return table


@mistake
def one_example(x: Array, *, at: int) -> Array:
    """x with zeros outside of one example."""
    kept = np.zeros_like(x)
    kept[at] = x[at]
    return kept


# --- sites --------------------------------------------------------------------------------


def _overwritten(anatomy: Anatomy) -> Iterator[Site]:
    for node in anatomy.graph:
        if node.op != "add_rows":
            continue
        deep = len(anatomy.graph[node.inputs[1]].type.shape) > 1
        for rank, within in enumerate(("the batch", "each example", "each step")[: 1 + 2 * deep]):

            def change(edit: Edit, id: int = node.id, within: str = within) -> None:
                edit.computed_by(id, "rows_overwritten", within=within)

            what = (
                f"an id that comes up again in {within} replaces its row of {node.origin.layer}'s "
            )
            what += "gradient, it is not added"
            formulas = ("dE[ids] += dy", "np.add.at(dE, ids, dy)")
            yield Site(node.origin.layer, (node.id,), what, *formulas, change, rank=rank)


def _uses(anatomy: Anatomy) -> dict[str, dict[str, list[int]]]:
    """Return for every shared parameter the terms of its gradient by layer."""
    found: dict[str, dict[str, list[int]]] = {}
    for name in anatomy.params:
        by_use: dict[str, list[int]] = {}
        parts = anatomy.of_data(name)
        for id in parts:
            by_use.setdefault(anatomy.graph[id].origin.layer, []).append(id)
        if len(by_use) > 1:
            found[name] = by_use
    return found


def _lost_uses(anatomy: Anatomy) -> Iterator[Site]:
    uses = _uses(anatomy)
    groups: dict[tuple[str, tuple[str, ...]], None] = {}
    for name, by_use in uses.items():
        for use in by_use:
            groups[use, (name,)] = None
            groups[use, tuple(n for n in uses if use in uses[n])] = None
            whole = use.rpartition(".")[0]
            if whole:
                inside = tuple(n for n in uses if any(u.startswith(f"{whole}.") for u in uses[n]))
                groups[whole, inside] = None
    for use, names in groups:
        yield from _lost(anatomy, uses, use, names)


def _lost(
    anatomy: Anatomy, uses: dict[str, dict[str, list[int]]], use: str, names: Sequence[str]
) -> Iterator[Site]:
    """Yield sites with one missing use or, of more than two, only one use."""
    mine: list[int] = []
    others: list[int] = []
    for name in names:
        for layer, ids in uses[name].items():
            (mine if layer == use or layer.startswith(f"{use}.") else others).extend(ids)
    formulas = ("dW = dW₁", "dW = dW₁ + dW₂")
    head, rank = gradients(list(names)), int(len(names) == 1 and len(uses) > 1)
    what = f"{head} {'lacks' if len(names) == 1 else 'lack'} what comes from {use}"
    yield Site(use, tuple(mine), what, *formulas, scaled(mine, 0.0), rank=rank)
    if any(len(uses[name]) > 2 for name in names):
        what = f"{head} {'has' if len(names) == 1 else 'have'} only what comes from {use}"
        yield Site(use, tuple(others), what, *formulas, scaled(others, 0.0), rank=rank)


def _summands(anatomy: Anatomy, id: int) -> list[int]:
    """Return the terms of a gradient; sums without a name are expanded."""
    named = set(anatomy.gradient_of.values())
    found, stack = [], list(anatomy.graph[id].inputs)
    while stack:
        node = anatomy.graph[stack.pop(0)]
        if node.op == "add" and node.id not in named and node.origin.role is Role.BACKWARD:
            stack = [*node.inputs, *stack]
        else:
            found.append(node.id)
    return found


def _lost_paths(anatomy: Anatomy) -> Iterator[Site]:
    for value, id in anatomy.gradient_of.items():
        node = anatomy.graph[id]
        if node.op != "add" or node.origin.role is not Role.BACKWARD:
            continue
        if anatomy.graph[value].op == "param":
            continue  # that is a use lost
        paths = _summands(anatomy, id)
        for lost in paths:

            def change(
                edit: Edit, id: int = id, kept: Sequence[int] = tuple(p for p in paths if p != lost)
            ) -> None:
                total = kept[0]
                for path in kept[1:]:
                    total = edit.emit(id, "add", total, path)
                edit.become(id, total)

            name, path = anatomy.name_of(id), anatomy.graph[lost]
            where = anatomy.name_of(lost) or f"that through {path.origin.layer}"
            what = f"one of the {len(paths)} paths is missing in {name}: {where}"
            formulas = ("dx = dx₁", "dx = dx₁ + dx₂")
            yield Site(path.origin.layer, (id,), what, *formulas, change)


def one_example_of(anatomy: Anatomy, uses: Sequence[tuple[int, int]], at: int) -> Change:
    """Make nodes that sum over rows use only one example of an operand."""

    def change(edit: Edit) -> None:
        for node, dz in uses:
            edit.reroute(node, dz, edit.apply(dz, "one_example", dz, at=at))

    return change


def _one_example_only(anatomy: Anatomy) -> Iterator[Site]:
    """Yield products over the rows reduced to one row; convolutions have a separate slug."""
    summed: dict[str, list[tuple[int, int]]] = {}
    for name in anatomy.params:
        for id in anatomy.of_data(name):
            node = anatomy.unscaled(id)
            dz = anatomy.graph[node.inputs[-1]] if node.inputs else node
            rows = anatomy.values.number(dz.type.shape[0]) if dz.type.shape else 0
            if node.op in ("matmul", "sum") and dz.type.rank == 2 and rows == anatomy.rows:
                summed.setdefault(name, []).append((node.id, dz.id))
    for layer, names, rank in places(anatomy, list(summed)):
        uses = [use for name in names for use in summed[name]]
        for text, at in (("last", -1), ("first", 0)):
            what = f"{gradients(names)} has the part of the {text} example only"
            nodes = tuple(node for node, _ in uses)
            formulas = ("dW = x_i dz_i", "dW = Σ x_i dz_i over i")
            change = one_example_of(anatomy, uses, at)
            yield Site(layer, nodes, what, *formulas, change, rank=rank + (at == 0))


hypothesis(
    Hypothesis(
        slug="embedding-overwrite",
        title="rows of a table that are used again are not added up",
        page="`dE[ids] += dy` reads and writes every row once, even if its id comes up several times: "
        "the last one wins. np.add.at(dE, ids, dy) adds all of them.",
        wrong="dE[ids] += dy",
        right="np.add.at(dE, ids, dy)",
        sites=_overwritten,
        rank=1,
    )
)
hypothesis(
    Hypothesis(
        slug="shared-use-lost",
        title="of weights that are used several times one use is missing",
        page="Weights that stand in several places (an encoder applied to two inputs, an output tied "
        "to an embedding) have as gradient the sum of what each place contributes. Where the second "
        "place writes with `=`, or is forgotten, a part is lost.",
        wrong="dW = dW_right",
        right="dW = dW_left + dW_right",
        sites=_lost_uses,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="residual-path-lost",
        title="a path on which the gradient comes back is missing",
        page="A value that is used in several places gets a gradient from each of them, and they are "
        "added. Around a residual block that is the gradient through the block plus the one past it.",
        wrong="dx = block_backward(dy)",
        right="dx = block_backward(dy) + dy",
        sites=_lost_paths,
        rank=2,
    )
)
hypothesis(
    Hypothesis(
        slug="one-example",
        title="only one example of the batch is in a gradient",
        page="The gradient of a parameter is the sum (or the mean) over all examples of the batch. "
        "In a loop over examples with `=` where `+=` is needed, the last example wins.",
        wrong="for x, dz in zip(X, dZ): dW = np.outer(x, dz)",
        right="for x, dz in zip(X, dZ): dW += np.outer(x, dz)",
        sites=_one_example_only,
        rank=3,
    )
)
