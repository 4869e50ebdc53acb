"""Black, pinned and with explicit target versions, so that equal input gives equal bytes."""

from __future__ import annotations

LINE_LENGTH = 100


def black_format(code: str) -> str:
    """The code as Black writes it."""
    from black import format_str
    from black.mode import Mode, TargetVersion

    return format_str(code, mode=Mode({TargetVersion.PY311}, line_length=LINE_LENGTH))
