"""Fixes that several diagnostics propose."""

from __future__ import annotations

import re

from ...diagnostics.model import Edit, Fix
from ...source import Span
from .. import ast


def insert(at: Span, text: str) -> Edit:
    """Insert text before a span."""
    return Edit(Span(at.source, at.start, at.start), text)


def own_stage(word: Span) -> tuple[Fix, ...]:
    """Insert an arrow before a word that is a separate stage."""
    return (Fix(f"make it a stage of its own: `-> {word.text}`", (insert(word, "-> "),)),)


def unquoted(text: ast.Text) -> tuple[Fix, ...]:
    """Remove the quotes around a word or number."""
    if not re.fullmatch(r"[\w.]+", text.value):
        return ()
    return (
        Fix(f"write `{text.value}`, without quotes", (Edit(text.span, text.value),), safe=True),
    )
