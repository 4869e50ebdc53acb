"""Black, pinned and with explicit target versions, so that equal input gives equal bytes."""

from __future__ import annotations

from itertools import pairwise

LINE_LENGTH = 100


def page_format(code: str) -> str:
    """The code as Black writes it, with one blank line where it has two: it is to fit on a page."""
    lines = black_format(code).splitlines()
    kept = [line for before, line in pairwise(["", *lines]) if before or line]
    return "\n".join([*kept, ""])


def black_format(code: str) -> str:
    """The code as Black writes it."""
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(code, mode=Mode({TargetVersion.PY311}, line_length=LINE_LENGTH))
