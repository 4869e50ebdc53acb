"""Values multiplied by a factor, and where people put one: in one array, in a layer, in all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..anatomy import Anatomy
from ..rewriting import Edit
from .registry import Change


def scaled(nodes: Sequence[int], factor: float) -> Change:
    """Multiply some values."""

    def change(edit: Edit) -> None:
        for node in nodes:
            edit.scale(node, factor)

    return change


def places(anatomy: Anatomy, params: Sequence[str]) -> Iterator[tuple[str, list[str], int]]:
    """Where a factor may stand: of one parameter, of those of a layer, of all (with its rank)."""
    for name in params:
        yield name.rpartition(".")[0], [name], 0
    layers = {layer: [n for n in names if n in params] for layer, names in anatomy.layers.items()}
    for layer, names in layers.items():
        if len(names) > 1:
            yield layer, names, 1
    if sum(map(bool, layers.values())) > 1:
        yield "", list(params), 0


def data_nodes(anatomy: Anatomy, params: Sequence[str]) -> list[int]:
    """The summands from the data of some parameters' gradients."""
    return [node for name in params for node in anatomy.of_data(name)]


def gradients(params: Sequence[str]) -> str:
    """The gradients of some parameters, in words."""
    names = [f"d_{name}" for name in params]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def counts(anatomy: Anatomy) -> Iterator[tuple[str, float]]:
    """What a mean may divide by: the rows, or the entries of the judged output."""
    yield "B", anatomy.rows
    for judged in anatomy.judged:
        entries = anatomy.values[judged.y].size
        if entries != anatomy.rows:
            yield f"{entries // anatomy.rows}", entries // anatomy.rows
            yield f"{entries // anatomy.rows}·B", entries
