"""Descriptions of random data for a network: shape and kind of every input and target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.dims import Dim, evaluate
from ..ir.layer_graph import TypedGraph
from ..ir.types import DType
from ..losses.registry import target_kind
from ..lower.losses import target_layers, target_name
from ..targets.numpy.sizes import size_views

SIZE = 32
"""The default of a size that is known only at run time."""


IDS = 10
"""The default bound of ids that index no table."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array: its name, sizes of a row, kind (float, int, or a target's), a bound of ids."""

    name: str
    kind: str
    shape: tuple[int, ...]
    below: int = 0
    ragged: bool = False


def default_sizes(typed: TypedGraph) -> dict[str, int]:
    """Return a value for every size of inputs known only at run time.

    It is the default, or the nearest one that the model takes."""
    return {s.name: min(max(SIZE, s.least), s.most or SIZE) for s in size_views(typed)}


def sampled_inputs(
    typed: TypedGraph, limits: Mapping[str, int], sizes: Mapping[str, int]
) -> list[Array]:
    """Return the inputs; `limits` has the rows of the table that each input of ids indexes."""
    found = []
    for layer in typed.graph.layers:
        if layer.kind == "input":
            type = typed.types[layer.id]
            kind = "int" if type.dtype is DType.INT else "float"
            shape = _evaluated(type.shape, sizes)
            found.append(Array(layer.name, kind, shape, limits.get(layer.name, IDS), type.ragged))
    return found


def sampled_targets(typed: TypedGraph, sizes: Mapping[str, int]) -> list[Array]:
    """Return the targets; classes are given as ids."""
    found = []
    for layer in target_layers(typed):
        kinds = [loss.setting.kind for loss in typed.graph.losses if loss.layer == layer]
        kind, shape = target_kind(kinds), _evaluated(typed.shape_of(layer), sizes)
        if kind == "classes" or (kind == "margins" and shape[-1] > 1):
            found.append(Array(target_name(typed, layer), "int", shape[:-1], shape[-1]))
        else:
            found.append(Array(target_name(typed, layer), kind, shape))
    return found


def _evaluated(shape: tuple[Dim, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(evaluate(dim, sizes) for dim in shape)
