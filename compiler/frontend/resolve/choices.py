"""Statements that choose a kind: `optimizer sgd lr=0.1`, `loss mse on y`, `metric f1`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile

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

ANY_NUMBER = 1_000
"""More names than a statement can have: how many a loss takes is not known if it is not known."""


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


def take_on(
    statement: ast.Directive, most: int, env: Env
) -> tuple[list[ast.Arg], tuple[ast.Word, ...], bool]:
    """Separate `on NAME` from the other arguments of a loss or metric; return also whether it is faulty.

    A formula of several values has as many names."""
    args = list(statement.args)
    for i, arg in enumerate(args):
        if arg.key is not None or not isinstance(arg.value, ast.Word) or arg.value.id != "on":
            continue
        name = args[i + 1].value if i + 1 < len(args) and args[i + 1].key is None else None
        if isinstance(name, ast.Word):
            names = _names_after(args[i + 1 :])
            rest = args[:i] + args[i + 1 + len(names) :]
            if most > 1 or len(names) == 1:
                return rest, names, False
            _too_many_names(statement, names, env)
            return rest, names, True
        env.fault(
            codes.MISSING_ARGUMENT,
            arg.span,
            "`on` needs the name of a stage",
            help="write `on NAME`",
        )
        return args[:i] + args[i + 1 + (name is not None) :], (), True
    return args, (), False


def _too_many_names(statement: ast.Directive, names: Sequence[ast.Word], env: Env) -> Fault:
    """Report several stages after `on` where one value is judged."""
    what = statement.args[0].span.text.partition("(")[0]
    verb = "judges" if statement.word.id == "loss" else "measures"
    return env.fault(
        codes.EXTRA_ARGUMENT,
        names[1].span.to(names[-1].span),
        f"`{what}` {verb} one value, and {len(names)} are named",
        help=f"write a `{statement.word.id}` statement for each of them",
    )


def _names_after(args: Sequence[ast.Arg]) -> tuple[ast.Word, ...]:
    """Return the names that arguments begin with."""
    words = takewhile(lambda arg: arg.key is None and isinstance(arg.value, ast.Word), args)
    return tuple(arg.value for arg in words if isinstance(arg.value, ast.Word))
