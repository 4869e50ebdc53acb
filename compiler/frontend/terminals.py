"""The grammar's terminals as one regular expression, for text without faults.

Lark's contextual lexer tries the terminals that the parser could go on with; this one tries all
of them in the same order. Where the parser accepts what it finds, both find the same; where it
does not, the text is left to Lark.
"""

from __future__ import annotations

import re

from lark import Lark, Token
from lark.lexer import PatternStr


class Terminals:
    """Cuts statements into the tokens of a grammar."""

    def __init__(self, lark: Lark) -> None:
        ignored = set(lark.ignore_tokens)
        ordered = sorted(
            lark.terminals,
            key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
        )
        space = "|".join(t.pattern.to_regexp() for t in ordered if t.name in ignored)
        tokens = "|".join(
            f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in ordered if t.name not in ignored
        )
        self._token = re.compile(f"(?:{space})*(?:{tokens})")
        self._keywords = {
            t.pattern.value: t.name for t in ordered if isinstance(t.pattern, PatternStr)
        }

    def tokens(self, text: str) -> list[Token] | None:
        """All tokens of a text; None where a character begins none."""
        found, stop = [], 0
        for match in self._token.finditer(text):
            kind = match.lastgroup or ""
            value = match[kind]
            if match.start() != stop:
                return None
            stop = match.end()
            kind = self._keywords.get(value, kind)
            found.append(Token(kind, value, stop - len(value), end_pos=stop))
        return found if stop == len(text) else None
