"""The findings of a spec, and the options of `nnc compile` that its first line asks for.

    # nnc compile --emit step
    # nnc compile --target torch

Some findings come only with a function that is asked for.
"""

from __future__ import annotations

from nnc.diagnostics.model import Diagnostic, SpecError
from nnc.driver import Load, Options, check, compile_source, no_includes
from nnc.source import Source

ASKED = {
    "# nnc compile --emit step\n": Options(emit=("step",), format=False),
    "# nnc compile --target torch\n": Options(target="torch", format=False),
}


def findings(source: Source, load: Load = no_includes) -> list[Diagnostic]:
    """All findings in order, those of `nnc compile` where the first line asks for it."""
    options = next((o for line, o in ASKED.items() if source.text.startswith(line)), None)
    if options is None:
        return list(check(source, load).report)
    try:
        return list(compile_source(source, options, load).report)
    except SpecError as error:
        return list(error.report)
