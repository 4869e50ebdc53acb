"""`--freeze NAME`: parameters that are not trained, though the spec does not say so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from .diagnostics.suggest import closest, listing
from .ir.layer_graph import Parameter, TypedGraph
from .ir.networkx_graph import own_parameters

SHOWN = 12
"""Names that a message lists."""


class CannotFreeze(ValueError):
    """What was to be frozen, and why it cannot be."""


def freeze(typed: TypedGraph, names: Iterable[str]) -> TypedGraph:
    """The network with the named layers, groups or parameters frozen besides those that are.

    `dense1` and `enc` are all parameters of the layer or group, `dense1.W` is one. Raises
    CannotFreeze for a name that has no parameters, and where none would be left to train.
    """
    owned = own_parameters(typed)
    chosen = {p.name for name in names for p in _named(typed, owned, name)}
    if not chosen:
        return typed
    params = tuple(replace(p, frozen=p.frozen or p.name in chosen) for p in typed.params)
    frozen = replace(typed, params=params)
    _check(typed, frozen)
    return frozen


def _named(
    typed: TypedGraph, owned: Mapping[str, Sequence[Parameter]], name: str
) -> list[Parameter]:
    found = [p for p in typed.params if p.name == name or p.name.startswith(f"{name}.")]
    for layer, params in owned.items():
        if layer == name or layer.startswith(f"{name}."):
            found += params  # with those of its activation, which has a name of its own
    if found:
        return found
    named = typed.graph.by_name().get(name)
    if named is None:
        raise CannotFreeze(_unknown(typed, owned, name))
    if named.shares is not None:
        raise CannotFreeze(f"'{name}' uses the parameters of '{named.shares}'; freeze that")
    raise CannotFreeze(f"'{name}' has no parameters")


def _unknown(typed: TypedGraph, owned: Mapping[str, Sequence[Parameter]], name: str) -> str:
    known = [layer for layer, params in owned.items() if params]
    near = closest(name, [*known, *_groups(known), *(p.name for p in typed.params)], loose=True)
    advice = f"did you mean '{near}'?" if near else f"there are {listing(known, SHOWN)}"
    return f"there is no layer or parameter '{name}'; {advice}"


def _groups(layers: Iterable[str]) -> Iterable[str]:
    """The named groups and block calls around layers: `enc` of `enc.dense1`."""
    parts = (layer.split(".") for layer in layers)
    return dict.fromkeys(".".join(names[:i]) for names in parts for i in range(1, len(names)))


def _check(before: TypedGraph, after: TypedGraph) -> None:
    optimizer = after.graph.training.optimizer
    if optimizer is not None and optimizer.kind == "lstsq":
        raise CannotFreeze("optimizer lstsq solves for all parameters")
    if after.graph.losses and before.trained and not after.trained:
        raise CannotFreeze("no parameter would be left to train")
