"""Diagnostics as JSON, for tools; lines and columns count from 1, columns in characters."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ...source import Span
from ..model import Diagnostic, Fix
from ..site import address
from .text import advice, render_text


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """One JSON array with an object a finding, `[]` when there is none; ends with a newline."""
    text = json.dumps([_finding(d) for d in diagnostics], indent=2, ensure_ascii=False) + "\n"
    # A file's name may hold bytes that are not UTF-8; their escapes are escapes of JSON, too.
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _finding(diagnostic: Diagnostic) -> dict[str, object]:
    code = diagnostic.code
    return {
        "code": code.id,
        "name": code.name,
        "severity": code.severity.value,
        "message": diagnostic.message,
        **_place(diagnostic.span),
        "labels": _labels(diagnostic),
        "notes": [f"{word}: {text}" for word, text in advice(diagnostic)],
        "fixes": [_fix(fix) for fix in diagnostic.fixes],
        "url": address(code.id),
        "rendered": render_text(diagnostic),
    }


def _place(span: Span) -> dict[str, object]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.end
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _labels(diagnostic: Diagnostic) -> list[dict[str, object]]:
    """The places in words; what is said at the primary span comes first."""
    here = [(diagnostic.span, diagnostic.here)] if diagnostic.here else []
    others = [(label.span, label.text) for label in diagnostic.labels]
    return [{**_place(span), "text": text} for span, text in (*here, *others)]


def _fix(fix: Fix) -> dict[str, object]:
    edits = [{**_place(edit.span), "replacement": edit.replacement} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}
