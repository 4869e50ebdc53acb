"""The Pygments lexer of specs, by which documentation, notebooks and rich colour ```nn blocks."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from pygments.lexer import RegexLexer, bygroups
from pygments.token import Error, Whitespace, string_to_tokentype

from .rules import Rule, Style, rules


def _tokens() -> dict[str, list[Any]]:
    return {"root": [*map(_entry, rules()), (r"\s+", Whitespace), (r".", Error)]}


def _entry(rule: Rule) -> tuple[str, Any]:
    types = [_type(style) for style in rule.styles]
    by_groups: Any = bygroups  # untyped in the stubs
    return rule.pattern, by_groups(*types) if len(types) > 1 else types[0]


def _type(style: Style | None) -> Any:
    return Whitespace if style is None else string_to_tokentype(style.token)


class SpecLexer(RegexLexer):
    """Lexer of .nn files."""

    name = "nnc spec"
    aliases: ClassVar[list[str]] = ["nn", "nnc"]
    filenames: ClassVar[list[str]] = ["*.nn"]
    mimetypes: ClassVar[list[str]] = ["text/x-nn"]
    flags = re.MULTILINE
    tokens: ClassVar[dict[str, list[Any]]] = _tokens()
