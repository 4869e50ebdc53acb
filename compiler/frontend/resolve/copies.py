"""The copies of a group or block: a scope for each, and the activation after them."""

from __future__ import annotations

from collections.abc import Iterator

from ...kinds.arguments import FROZEN_ARG
from .. import ast
from .arguments import bind, schema_span
from .build import two_activations
from .schema import Schema, Trailing
from .scope import Env, Naming, Scope


def copy_scopes(
    count: int | None, called: str | None, body: Env, env: Env, block: ast.Block | None
) -> Iterator[Scope]:
    """Yield the scope of each copy; a plain group has no scope of its own."""
    naming, parent = env.scope.naming, body.scope
    if count is None and called is None and block is None:
        yield body.scope if body.scope is env.scope else Scope(naming, parent, counted=True)
        return
    for i in range(1, (1 if count is None else count) + 1):
        if called is not None:
            own = called if count is None else f"{called}.{i}"
            yield Scope(Naming(f"{own}."), parent)
        elif block is not None:
            yield Scope(Naming(f"{naming.count(block.name.id)}."), parent)
        else:
            yield Scope(naming, parent, counted=True)


def trailing_of(stage: ast.Stage | ast.Group, env: Env) -> tuple[Trailing | None, bool]:
    """Return the activation after a block or group, if any, and whether all of it is frozen."""
    if not stage.args:
        return None, env.frozen
    what = stage.kind.id if isinstance(stage, ast.Stage) else "a group"
    schema = Schema(what, (FROZEN_ARG,))
    bound = bind(schema, schema_span(stage.args), stage.args, env, activations=True)
    if len(bound.trailing) > 1:
        raise two_activations(bound.trailing, env)
    own = bound.args["frozen"]
    return next(iter(bound.trailing), None), env.frozen if own is None else bool(own)
