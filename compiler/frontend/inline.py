"""Inlining of includes, so that a generated module contains the complete spec."""

from __future__ import annotations

from collections.abc import Callable

from ..diagnostics.model import Report
from ..source import Source
from . import ast
from .parser import parse

Load = Callable[[str, Source], Source]


def inline_includes(source: Source, load: Load) -> str:
    """Return the text of a checked spec, with every include replaced by the file's text.

    A file that is included several times is inserted at the first place."""
    return _inline(source, load, set())


def _inline(source: Source, load: Load, seen: set[str]) -> str:
    seen.add(source.name)
    text, at = [], 0
    for statement in parse(source, Report()).statements:
        path = _included(statement)
        if path is None:
            continue
        included = load(path, source)
        text.append(source.text[at : statement.span.start])
        if included.name not in seen:
            text.append(_inline(included, load, seen).rstrip("\n"))
        at = statement.span.stop
    return "".join([*text, source.text[at:]])


def _included(statement: ast.Statement) -> str | None:
    match statement:
        case ast.Directive(ast.Word("include"), (ast.Arg(value=ast.Text(path)),)):
            return path
    return None
