"""What random data for a network look like: every input and target with its shape and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..ir.dims import Dim, evaluate, symbols
from ..ir.layer_graph import TypedGraph
from ..ir.types import DType
from ..losses.registry import target_kind
from ..lower.losses import target_layers, target_name

SIZE = 32
"""What a size is that is known at run time only, unless it is said."""


IDS = 10
"""What ids lie below that pick from no table."""


@dataclass(frozen=True, slots=True)
class Array:
    """An array by name: sizes of a row, its kind (float, int, or one of a target), a bound of ids."""

    name: str
    kind: str
    shape: tuple[int, ...]
    below: int = 0
    ragged: bool = False


def free_sizes(typed: TypedGraph) -> list[str]:
    """The sizes of inputs that are known at run time only."""
    dims = [dim for n in typed.graph.layers if n.kind == "input" for dim in typed.shape_of(n.id)]
    return sorted({name for dim in dims for name in symbols(dim)})


def sampled_inputs(
    typed: TypedGraph, limits: Mapping[str, int], sizes: Mapping[str, int]
) -> list[Array]:
    """The inputs; `limits` are by name of an input the rows of the table that its ids pick from."""
    found = []
    for layer in typed.graph.layers:
        if layer.kind == "input":
            type = typed.types[layer.id]
            kind = "int" if type.dtype is DType.INT else "float"
            shape = _evaluated(type.shape, sizes)
            found.append(Array(layer.name, kind, shape, limits.get(layer.name, IDS), type.ragged))
    return found


def sampled_targets(typed: TypedGraph, sizes: Mapping[str, int]) -> list[Array]:
    """The targets, of which classes are given as ids."""
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
