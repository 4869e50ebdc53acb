"""Checks of blocks that are never expanded, as in a library, or with only faulty calls.

They are checked once, with an unknown input."""

from __future__ import annotations

from collections.abc import Iterator

from ...ir.layer_graph import Layer
from .. import ast
from .blocks import default_params
from .build import Layers
from .expand import Expander
from .scope import End, Env, Flow, Naming, Scope


def check_unexpanded(env: Env) -> list[tuple[Layer, ...]]:
    """Report errors in blocks that are never expanded, independent of their arguments.

    Returns the layers of each block, so that their shapes can be checked as well."""
    return [_layers(block, env) for block in _unexpanded(env)]


def _unexpanded(env: Env) -> Iterator[ast.Block]:
    state = env.state
    refused = [b for b in state.refused if isinstance(b, ast.Block)]
    for block in (*state.blocks.values(), *refused):
        known = state.blocks.get(block.name.id) is block
        expanded = known and block.name.id in state.expanded
        if not expanded and block.span.source is state.source:
            yield block


def _layers(block: ast.Block, env: Env) -> tuple[Layer, ...]:
    name, layers = block.name, Layers()
    params = default_params(block, env)
    inside = Env(env.state, Scope(Naming()), params, active=(name.id,))
    unknown = Flow((End(None, None, name.span),))
    Expander(layers, env.scope).chain(block.body, unknown, inside, False)
    return tuple(layers.made)
