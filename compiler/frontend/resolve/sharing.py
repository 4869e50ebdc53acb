"""The stages that `use` and `tie` may refer to."""

from __future__ import annotations

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Label
from ...diagnostics.suggest import listing
from ...layers import LAYERS
from .. import ast
from .naming import stage_names
from .scope import Bound, Env, Fault

TIED = ("dense", "embedding")
"""Kinds whose weights `tie=` may transpose."""


def find_stage(word: ast.Word, env: Env) -> Bound:
    """Return the stage of that name; one of a faulty statement raises Fault without a report."""
    bound = env.scope.find(word.id)
    if bound is None:
        raise unknown_stage(word, env)
    if bound.end.layer is None:
        raise Fault
    return bound


def unknown_stage(word: ast.Word, env: Env) -> Fault:
    """Return the fault of a name that no visible stage has."""
    state = env.state
    if word.id in state.poisoned:
        return Fault()
    definition = state.defined(word.id)
    if definition is not None or word.id in env.params:
        what = "block" if word.id in state.blocks else "constant"
        what = "formula" if word.id in state.fns else what
        return env.fault(
            codes.NOT_A_STAGE,
            word.span,
            f"`{word.id}` is a {what}, not a stage",
            labels=[Label(definition, "defined here")] if definition else (),
            help="a name for a stage's value is given by `as`",
        )
    elsewhere = _elsewhere(word, env)
    if elsewhere is not None:
        return elsewhere
    named = f"; named so far: {listing(env.scope.names())}" if any(env.scope.names()) else ""
    advice = f"a stage or input is named with `as`: `… as {word.id}`{named}"
    return env.unknown(word, "a stage defined before this place", env.scope.names(), advice)


def _elsewhere(word: ast.Word, env: Env) -> Fault | None:
    """Return the fault of a stage that is not visible here: further down, or private."""
    name = hidden(word, env)
    if name is None:
        return None
    later = name.span.start > word.span.start
    why = "further down" if later else "inside a block, or a named or repeated group"
    if env.calls:
        why = "outside of this block"
    return env.fault(
        codes.UNKNOWN_NAME,
        word.span,
        f"the stage `{word.id}` cannot be seen from here",
        labels=[Label(name.span, f"it is defined {why}")],
    )


def hidden(word: ast.Word, env: Env) -> ast.Word | None:
    """Return the definition of a stage name that is not visible here."""
    named = env.state.named
    if named is None:
        named = env.state.named = _first_named(env.state.main)
    return named.get(word.id)


def _first_named(file: ast.File) -> dict[str, ast.Word]:
    """Return the first definition of each stage name, in one pass for all unknown names."""
    found: dict[str, ast.Word] = {}
    for statement in file.statements:
        chain = statement.body if isinstance(statement, ast.Block) else statement
        if isinstance(chain, ast.Chain):
            for name in stage_names(chain):
                found.setdefault(name.id, name)
    return found


def layer_named(key: str, word: ast.Word, env: Env) -> str:
    """Return the full name of the layer that owns a named stage's parameters, for `tie=`."""
    bound = find_stage(word, env)
    if not bound.kind or bound.kind == "input":
        raise _refused(word, bound, f"`{word.id}` is not a single layer with weights", env)
    if key == "tie" and bound.kind not in TIED:
        raise _refused(
            word, bound, f"`tie` takes a dense or an embedding, `{word.id}` is a {bound.kind}", env
        )
    return bound.owner


def usable(word: ast.Word, env: Env) -> Bound:
    """Return the named layer, group or block that `use` applies again."""
    if word.id in env.state.blocks:
        raise env.fault(
            codes.NOT_SHAREABLE,
            word.span,
            f"`{word.id}` is a block, which has parameters only where it is applied",
            help=f"apply it by its name, `-> {word.id}`, or name one application with `as`",
        )
    bound = find_stage(word, env)
    if bound.kind == "input":
        raise _refused(word, bound, f"`{word.id}` is an input, it has nothing to apply", env)
    if (bound.kind and LAYERS[bound.kind].is_merge) or (bound.entry and bound.entry.forked):
        raise _refused(word, bound, f"`{word.id}` begins with a merge, it takes a fork", env)
    return bound


def _refused(word: ast.Word, bound: Bound, message: str, env: Env) -> Fault:
    labels = [Label(bound.span, "defined here")]
    return env.fault(codes.NOT_SHAREABLE, word.span, message, labels=labels)
