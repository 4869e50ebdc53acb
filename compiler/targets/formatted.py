"""Formatting with a pinned Black and explicit target versions, so that output is reproducible."""

from __future__ import annotations

from itertools import pairwise

LINE_LENGTH = 100


def page_format(code: str) -> str:
    """Format code with Black, with single instead of double blank lines, for display on a page."""
    lines = black_format(code).splitlines()
    kept = [line for before, line in pairwise(["", *lines]) if before or line]
    return "\n".join([*kept, ""])


def black_format(code: str) -> str:
    """Format code with Black."""
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(code, mode=Mode({TargetVersion.PY311}, line_length=LINE_LENGTH))
