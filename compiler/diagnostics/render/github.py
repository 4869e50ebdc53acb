"""Diagnostics as workflow commands, which GitHub shows beside the lines of a change."""

from __future__ import annotations

from ..model import Diagnostic, Severity
from .columns import visible
from .text import advice

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def render_github(diagnostic: Diagnostic) -> str:
    """`::error file=model.nn,line=3,...,title=NN203::message`; ends with a newline."""
    said = ",".join(f"{key}={_property(value)}" for key, value in _properties(diagnostic).items())
    lines = [diagnostic.message, *(f"{word}: {text}" for word, text in advice(diagnostic))]
    message = "\n".join(visible(line) for text in lines for line in text.splitlines())
    return f"::{_COMMANDS[diagnostic.severity]} {said}::{_data(message)}\n"


def _properties(diagnostic: Diagnostic) -> dict[str, str]:
    """Where it is: GitHub takes columns only of a range within one line."""
    span = diagnostic.span
    properties = {"file": visible(span.source.name)}
    if span.source.text:
        end_line, end_column = span.end
        properties["line"] = str(span.line)
        if end_line == span.line:
            properties["col"] = str(span.column)
        properties["endLine"] = str(end_line)
        if end_line == span.line:
            properties["endColumn"] = str(end_column)
    return properties | {"title": diagnostic.code.id}


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
