"""Which layer's weights are those of which module: by name, else by order and shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..ir.layer_graph import TypedGraph
from .layouts import Array, CannotConvert, Group, Library, Weights
from .torch_layouts import IGNORED, TORCH


@dataclass(frozen=True, slots=True)
class Pair:
    """A layer and the module whose weights it takes."""

    layer: Group
    module: str
    arrays: dict[str, Array]


def groups_of(typed: TypedGraph, arrays: Weights, library: Library = TORCH) -> list[Group]:
    """The layers that have weights of their own, in the order of the network."""
    kinds = {layer.name: layer.kind for layer in typed.graph.layers}
    for layer in typed.graph.layers:
        if layer.activation is not None:
            kinds.setdefault(layer.activation.name, layer.activation.kind)
    found: dict[str, dict[str, Array]] = {}
    for name in (*(p.name for p in typed.params), *(s.name for s in typed.states)):
        owner = next(o for o in _owners(name) if o in kinds)
        found.setdefault(owner, {})[name[len(owner) + 1 :]] = arrays[name]
    return [
        Group(name, kinds[name].split(" ")[0], arrays, library) for name, arrays in found.items()
    ]


def _owners(name: str) -> list[str]:
    """The layers that an array could belong to, the longest name first: `a.b` and `a` of `a.b.W`."""
    parts = name.split(".")
    return [".".join(parts[:i]) for i in range(len(parts) - 1, 0, -1)]


def modules_of(state_dict: Weights) -> dict[str, dict[str, Array]]:
    """The weights of a state_dict by module, in order; those of an attention's output are its own."""
    found: dict[str, dict[str, Array]] = {}
    for name, array in state_dict.items():
        module, _, last = name.rpartition(".")
        if last in IGNORED:
            continue
        if module.endswith("out_proj") and f"{module[:-8]}in_proj_weight" in state_dict:
            module, last = module[:-9], f"out_proj.{last}"
        found.setdefault(module, {})[last] = array
    return found


def matched(
    groups: Sequence[Group], modules: Mapping[str, Weights], given: Mapping[str, str]
) -> list[Pair]:
    """A module for every layer; raises CannotConvert.

    `given` are modules by layer that the user has named. Layers with the name of a module take
    that; the others take the remaining modules in their order, if there are as many and every
    one fits.
    """
    _check_given(groups, modules, given)
    named = {g.name: given.get(g.name, g.name) for g in groups}
    chosen = {g.name: named[g.name] for g in groups if named[g.name] in modules}
    rest = [g for g in groups if g.name not in chosen]
    free = [m for m in modules if m not in chosen.values()]
    if len(rest) != len(free):
        raise CannotConvert(_uneven(rest, free, modules))
    chosen |= {g.name: m for g, m in zip(rest, free, strict=True)}
    return [_pair(g, chosen[g.name], modules, free) for g in groups]


def _check_given(
    groups: Sequence[Group], modules: Mapping[str, Weights], given: Mapping[str, str]
) -> None:
    names = [g.name for g in groups]
    for ours, theirs in given.items():
        if ours not in names:
            raise CannotConvert(f"there is no layer {ours!r}; there are {', '.join(names)}")
        if theirs not in modules:
            raise CannotConvert(f"there is no module {theirs!r}; there are {', '.join(modules)}")


def _pair(group: Group, module: str, modules: Mapping[str, Weights], free: Sequence[str]) -> Pair:
    arrays = fitting(group, modules[module])
    if arrays is None:
        fits = [m for m in free if fitting(group, modules[m]) is not None]
        told = f"; {', '.join(fits)} would fit: use --map {group.name}=MODULE" if fits else ""
        raise CannotConvert(
            f"{group.name} ({_shapes(group.arrays)}) does not fit {module} "
            f"({_shapes(modules[module])}){told}"
        )
    return Pair(group, module, arrays)


def fitting(group: Group, weights: Weights) -> dict[str, Array] | None:
    """The weights of a module in the layout of a layer, or None if they are of another one."""
    try:
        found = group.layout.from_theirs(weights)
    except (KeyError, ValueError, IndexError):
        return None
    shapes = {name: np.shape(array) for name, array in found.items()}
    if shapes != {name: array.shape for name, array in group.arrays.items()}:
        return None
    return {name: found[name] for name in group.arrays}


def _uneven(rest: Sequence[Group], free: Sequence[str], modules: Mapping[str, Weights]) -> str:
    ours = "; ".join(f"{g.name} ({_shapes(g.arrays)})" for g in rest) or "none"
    theirs = "; ".join(f"{m} ({_shapes(modules[m])})" for m in free) or "none"
    return (
        f"{len(rest)} layers and {len(free)} modules are left that have no name in common, "
        f"so their order says nothing: use --map LAYER=MODULE. Layers: {ours}. Modules: {theirs}"
    )


def _shapes(arrays: Weights) -> str:
    return ", ".join(f"{n} {'x'.join(map(str, np.shape(a))) or '1'}" for n, a in arrays.items())


def state_dict_of(groups: Sequence[Group], given: Mapping[str, str]) -> dict[str, Array]:
    """The weights of a network as a state_dict; modules have the names of layers unless given."""
    found: dict[str, Array] = {}
    for group in groups:
        for last, array in group.layout.to_theirs(group.arrays).items():
            found[f"{given.get(group.name, group.name)}.{last}"] = np.ascontiguousarray(array)
    return found
