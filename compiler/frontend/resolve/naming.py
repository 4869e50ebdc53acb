"""Checks of the names of lets, blocks, parameters and stages."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Label
from ...diagnostics.suggest import replacement
from ...source import Span
from .. import ast
from .scope import Bound, End, Env, Fault
from .vocabulary import RESERVED, counted_from, is_activation, is_kind


def check_constant(word: ast.Word, env: Env) -> None:
    """Check the name of a let or parameter: it may be that of a layer, not of an activation."""
    _check_spelling(word, env)
    if is_activation(word.id):
        raise _like_kind(word, f"`{word.id}` is an activation", env)
    _check_counted(word, env)


def check_block(word: ast.Word, env: Env) -> None:
    """Check the name of a block: it must differ from every kind."""
    _check_spelling(word, env)
    if is_kind(word.id):
        raise _like_kind(word, f"`{word.id}` is a layer kind", env)
    _check_counted(word, env)


def check_stage(word: ast.Word, env: Env) -> None:
    """Check a name after `as`: it must differ from visible lets, blocks, parameters and stages."""
    check_block(word, env)
    known = env.scope.stages.get(word.id)
    first = known.span if known else env.state.defined(word.id)
    if first is not None:
        raise taken(word, first, env)
    if word.id in env.params:
        raise env.fault(
            codes.NAME_TAKEN, word.span, f"`{word.id}` is a parameter of the block already"
        )


def taken(word: ast.Word, first: Span, env: Env) -> Fault:
    """Return the fault of a second definition, shown with the first."""
    return env.fault(
        codes.NAME_TAKEN,
        word.span,
        f"`{word.id}` is defined twice",
        labels=[Label(first, "defined here first")],
        help="lets, blocks and stages share one namespace",
    )


def _check_spelling(word: ast.Word, env: Env) -> None:
    if not re.fullmatch("[a-z][a-z0-9_]*", word.id):
        lower = word.id.lower().lstrip("_")
        meant = lower if lower and lower not in RESERVED else None
        raise env.fault(
            codes.NAME_RESERVED,
            word.span,
            f"`{word.id}` cannot be a name: names begin with a letter and are lower case",
            fixes=replacement(word.span, meant),
        )
    if word.id in RESERVED:
        raise env.fault(
            codes.NAME_RESERVED,
            word.span,
            f"`{word.id}` is a reserved word",
            help=f"choose another name, for example `my_{word.id}`",
        )


def _check_counted(word: ast.Word, env: Env) -> None:
    stem = counted_from(word.id, {**env.state.blocks, **env.state.fns})
    if stem is not None:
        raise _like_kind(word, f"unnamed `{stem}` stages are called `{word.id}`", env)


def _like_kind(word: ast.Word, why: str, env: Env) -> Fault:
    return env.fault(
        codes.NAME_LIKE_KIND,
        word.span,
        f"`{word.id}` cannot be a name here",
        here=why,
        help=f"choose another name, for example `my_{word.id}`",
    )


def stage_names(node: ast.Chain | ast.AnyStage) -> Iterator[ast.Word]:
    """Yield every name after `as` in a chain, in order."""
    todo: list[ast.Chain | ast.AnyStage] = [node]
    while todo:
        match todo.pop():
            case ast.Chain(stages):
                todo.extend(reversed(stages))
            case ast.Group(chain=chain, name=name):
                todo.append(chain)
                yield from (name,) if name else ()
            case ast.Fork(branches=branches, name=name):
                todo.extend(reversed(branches))
                yield from (name,) if name else ()
            case ast.Stage(name=name):
                yield from (name,) if name else ()


def poison(stage: ast.AnyStage, env: Env) -> None:
    """Register the names of a faulty stage, so that their use is no second fault."""
    for word in stage_names(stage):
        end = End(None, word.id, word.span)
        bound = Bound(end, word.span, stage, env, 0, None)
        env.scope.stages.setdefault(word.id, bound)
