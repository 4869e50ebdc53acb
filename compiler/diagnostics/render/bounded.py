"""So many findings of one kind as anybody reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ..model import Diagnostic

MOST_OF_A_CODE = 100
"""Of one code no more findings are written out for people."""


def bounded(diagnostics: Iterable[Diagnostic]) -> tuple[list[Diagnostic], str]:
    """The first findings of each code, and a line for each code of which more are left out."""
    shown, counts = [], Counter[str]()
    for diagnostic in diagnostics:
        counts[diagnostic.code.id] += 1
        if counts[diagnostic.code.id] <= MOST_OF_A_CODE:
            shown.append(diagnostic)
    return shown, "".join(
        f"{count - MOST_OF_A_CODE:,} more of {code} not shown; `--format json` has all\n"
        for code, count in counts.items()
        if count > MOST_OF_A_CODE
    )
