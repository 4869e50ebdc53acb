"""Blocks that nothing expands, as in a library: looked at once, with an unknown value coming in."""

from __future__ import annotations

from .blocks import default_params
from .build import Layers
from .expand import Expander
from .scope import End, Env, Flow, Naming, Scope


def check_unexpanded(env: Env) -> None:
    """Report what is wrong in blocks of the file that nothing uses, whatever their arguments are."""
    program = env.program
    for name, block in program.blocks.items():
        if name not in program.used and block.span.source is program.source:
            inside = Env(program, Scope(Naming()), default_params(block, env), active=(name,))
            unknown = Flow((End(None, None, block.name.span),))
            Expander(Layers(), env.scope).chain(block.body, unknown, inside, False)
