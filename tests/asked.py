"""The findings of a spec, and the options of `nnc compile` that its first line asks for.

    # nnc compile --emit step

Some findings come only with a function that is asked for.
"""

from __future__ import annotations

from nnc.diagnostics.model import Diagnostic, SpecError
from nnc.driver import Load, Options, check, compile_source, no_includes
from nnc.source import Source

STEP = "# nnc compile --emit step\n"


def findings(source: Source, load: Load = no_includes) -> list[Diagnostic]:
    """All findings in order, those of `nnc compile` where the first line asks for it."""
    if not source.text.startswith(STEP):
        return list(check(source, load).report)
    try:
        return list(compile_source(source, Options(emit=("step",), format=False), load).report)
    except SpecError as error:
        return list(error.report)
