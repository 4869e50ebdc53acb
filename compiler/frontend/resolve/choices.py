"""Statements that choose a kind: `optimizer sgd lr=0.1`, `loss mse`, `metric f1`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ...diagnostics.codes import names as codes
from ...diagnostics.suggest import listing
from ...ir.layer_graph import Setting
from ...source import Span
from .. import ast
from ..elsewhere import Sort
from .arguments import bind
from .fixes import unquoted
from .hints import hint, said
from .schema import BoundArguments, Schema
from .scope import Env, Fault


def choice(
    statement: ast.Directive, schemas: Mapping[str, Schema], others: Mapping[str, str], env: Env
) -> tuple[Setting, list[ast.Arg]]:
    """Return the kind that a directive names, with checked arguments."""
    what = statement.word.id
    if not statement.args or statement.args[0].key is not None:
        raise env.fault(
            codes.MISSING_ARGUMENT,
            statement.span,
            f"`{what}` needs a kind",
            help=f"one of {listing(schemas)}",
        )
    head, *rest = statement.args
    return setting_of(head, rest, what, schemas, others, env, statement.span), rest


def setting_of(
    head: ast.Arg,
    rest: Sequence[ast.Arg],
    what: str,
    schemas: Mapping[str, Schema],
    others: Mapping[str, str],
    env: Env,
    span: Span,
) -> Setting:
    """Return a kind with checked arguments, given as a word or as a call."""
    value = head.value
    word = value.name if isinstance(value, ast.CallValue) else value
    if not isinstance(word, ast.Word | ast.DimName):
        fixes = unquoted(value) if isinstance(value, ast.Text) else ()
        raise env.fault(
            codes.WRONG_VALUE,
            value.span,
            f"`{what}` names its kind first",
            help="" if fixes else f"one of {listing(schemas)}",
            fixes=fixes,
        )
    inner = value.args if isinstance(value, ast.CallValue) else ()
    name = others.get(word.id, word.id)
    if name not in schemas:
        raise unknown_choice(word, what, schemas, others, span, env)
    bound: BoundArguments = bind(schemas[name], word.span, [*inner, *rest], env, activations=False)
    return Setting(name, bound.args, bound.given, span, word.span)


def unknown_choice(
    word: ast.Word | ast.DimName,
    what: str,
    known: Iterable[str],
    others: Mapping[str, str],
    statement: Span,
    env: Env,
) -> Fault:
    """Return the fault of a word that names no kind, with suggestions."""
    found = hint(word.id, Sort(what), known, others)
    if what == "loss" and env.state.perhaps_lost(word.id, certain=found is not None):
        return Fault()
    return env.fault(
        codes.UNKNOWN_CHOICE,
        word.span,
        f"there is no {what} `{word.id}`",
        **said(found, word.span, f"it is one of {listing(known)}", statement.text),
    )
