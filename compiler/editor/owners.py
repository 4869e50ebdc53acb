"""The arguments that may be written at a place: those of a layer, a setting, a block, a formula."""

from __future__ import annotations

from ..frontend import ast
from ..kinds.arguments import FROZEN_ARG, ArgSpec, Ints, Num, Ranges
from .context import Place, keys_of, values_of
from .names import Role
from .study import Study
from .vocabulary import CHOOSING, GROUP, Entry, entries, layer


def args_of(study: Study, place: Place) -> Entry:
    """Return what takes the arguments at a place; one without arguments if nothing is known."""
    name = place.owner
    if not name:
        return GROUP
    own = _defined(study, name, place.sort)
    if own is not None:
        return own
    init = entries("init").get(name)
    if place.called and init is not None and layer(name) is None:
        return init
    sort = place.sort
    if sort in CHOOSING:
        found = entries(sort).get(name)
    elif sort == "statement":
        found = entries("statement").get(name)
    else:
        found = layer(name, place.forked)
    return found or Entry(name, sort, ())


def next_positional(owner: Entry, place: Place) -> ArgSpec | None:
    """Return the argument that the next value without a key would be for."""
    keyed = set(keys_of(place.given))
    free = [spec for spec in owner.positionals if spec.name not in keyed]
    count = len(list(values_of(place.given)))
    many = free and isinstance(free[-1].type, Ints | Ranges)
    return free[min(count, len(free) - 1)] if count < len(free) or many else None


def _defined(study: Study, name: str, sort: str) -> Entry | None:
    """Return a block with its parameters, or a formula with its numbers."""
    for definition in study.names.definitions:
        node = definition.node
        if definition.name != name or definition.role not in (Role.BLOCK, Role.FN):
            continue
        if isinstance(node, ast.Block):
            args = tuple(_param(p, positional=True) for p in node.params)
            return Entry(name, "block", (*args, FROZEN_ARG))
        if isinstance(node, ast.Fn):
            numbers = (p for p in node.params if p.default is not None)
            common = entries("loss")["mse"].args if sort == "loss" else ()
            own = tuple(_param(p, positional=False) for p in numbers)
            return Entry(name, "fn", (*own, *common))
    return None


def _param(param: ast.BlockParam, *, positional: bool) -> ArgSpec:
    name, default = param.name.id, param.default
    if default is None:
        return ArgSpec(name, Num(), "a parameter without a default", positional=positional)
    doc = f"{default.span.text} unless given"
    return ArgSpec(name, Num(), doc, None, positional=positional)
