"""The names after `on` in statements: the stages that a loss judges or a metric measures."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from ...diagnostics.codes import names as codes
from .. import ast
from .scope import Env, Fault

ANY_NUMBER = 1_000
"""More names than a statement can have: how many a loss takes is not known if it is not known."""


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
