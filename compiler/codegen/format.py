"""Black, pinned and with explicit target versions, so that equal input gives equal bytes."""

from __future__ import annotations

LINE_LENGTH = 100


def black_format(code: str) -> str:
    """The code as Black writes it."""
    import black

    mode = black.Mode(line_length=LINE_LENGTH, target_versions={black.TargetVersion.PY311})
    return black.format_str(code, mode=mode)
