"""Diagnostics as one line each, the form editors and grep understand."""

from __future__ import annotations

from ..model import Diagnostic
from .columns import visible


def render_concise(diagnostic: Diagnostic) -> str:
    """`model.nn:3:6: error[NN203]: message`; ends with a newline."""
    span, code = diagnostic.span, diagnostic.code
    place = f"{visible(span.source.name)}:{span.line}:{span.column}"
    return f"{place}: {code.severity.value}[{code.id}]: {visible(diagnostic.message)}\n"
