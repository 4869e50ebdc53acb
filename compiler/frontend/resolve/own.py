"""What a file defines for use as kinds: its formulas and blocks, those of its includes as well."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from ...diagnostics.model import Report
from ...ir.formula import Formula
from .. import ast
from .files import Collector, Load
from .scope import Env, Fault, Naming, Scope, SpecState, TooLarge
from .vocabulary import Kinds


@dataclass(frozen=True, slots=True)
class Definitions:
    """The formulas without errors, and the blocks, in the order in which files are read."""

    formulas: tuple[Formula, ...]
    blocks: tuple[ast.Block, ...]


def definitions(file: ast.File, load: Load, report: Report) -> Definitions:
    """Return what a file and its includes define; errors are in the report."""
    state = SpecState(report, file, Kinds.current())
    env = Env(state, Scope(Naming()))
    with suppress(TooLarge):
        Collector(env, load).collect(file)
    return Definitions(_formulas(env), tuple(state.blocks.values()))


def _formulas(env: Env) -> tuple[Formula, ...]:
    if not env.state.fns:
        return ()
    from .fns import formula

    found = []
    for name in env.state.fns:
        with suppress(Fault, TooLarge):
            found.append(formula(name, env, used=False))
    return tuple(found)
