"""Blocks that nothing expands, as in a library: their stages are looked at one by one."""

from __future__ import annotations

from collections.abc import Iterator

from .. import ast
from .misuse import unknown_kind
from .naming import stage_names
from .scope import Env, Naming, Scope
from .vocabulary import is_kind


def check_unexpanded(env: Env) -> None:
    """Report stages of unused blocks whose first word is nothing at all."""
    program = env.program
    for name, block in program.blocks.items():
        if name in program.used or block.span.source is not program.source:
            continue
        params = {param.name.id: None for param in block.params}
        known = {"input", "use", *params, *(word.id for word in stage_names(block.body))}
        inside = Env(program, Scope(Naming()), params)
        for stage in _stages(block.body):
            word = stage.kind
            proper = program.kinds.proper(word.id)
            named = word.id in known or program.defined(word.id) or word.id in program.poisoned
            if not named and not is_kind(proper):
                unknown_kind(word, inside)


def _stages(chain: ast.Chain) -> Iterator[ast.Stage]:
    for stage in chain.stages:
        match stage:
            case ast.Stage():
                yield stage
            case ast.Group(chain=inner):
                yield from _stages(inner)
            case ast.Fork(branches=branches):
                for branch in branches:
                    yield from _stages(branch)
