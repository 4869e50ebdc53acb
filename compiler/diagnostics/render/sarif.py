"""Diagnostics as SARIF 2.1.0, the form in which code scanners exchange results."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import PurePath
from urllib.parse import quote

from ...source import Source, Span
from ...version import VERSION
from ..codes import CODES
from ..explain import page, summary
from ..model import Code, Diagnostic, Fix, Severity
from ..site import site_address

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
FINGERPRINT = "primaryLocationLineHash"
"""The fingerprint by which GitHub knows a result again."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def render_sarif(diagnostics: Iterable[Diagnostic]) -> str:
    """One log with one run, whose rules are the codes that occur; ends with a newline."""
    found = list(diagnostics)
    codes = sorted({d.code for d in found}, key=lambda code: code.id)
    rules = {code.id: index for index, code in enumerate(codes)}
    run = {
        "tool": {
            "driver": {"name": "nnc", "version": VERSION, "rules": [_rule(c) for c in codes]},
        },
        "columnKind": "unicodeCodePoints",
        "results": [
            _result(d, rules[d.code.id], fingerprint)
            for d, fingerprint in zip(found, _fingerprints(found), strict=True)
        ],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(code: Code) -> dict[str, object]:
    rule: dict[str, object] = {
        "id": code.id,
        "name": code.name,
        "shortDescription": {"text": code.title},
        "defaultConfiguration": {"level": _LEVELS[code.severity]},
    }
    if code.id not in CODES:
        return rule
    text = page(code.id)
    if (on_site := site_address(code.id)) is not None:
        rule["helpUri"] = on_site
    return rule | {
        "fullDescription": {"text": summary(text)},
        "help": {"text": text, "markdown": text},
    }


def _result(diagnostic: Diagnostic, rule: int, fingerprint: str) -> dict[str, object]:
    said = (diagnostic.message, diagnostic.here, diagnostic.shapes, diagnostic.help)
    result: dict[str, object] = {
        "ruleId": diagnostic.code.id,
        "ruleIndex": rule,
        "level": _LEVELS[diagnostic.severity],
        "message": {"text": "\n".join(filter(None, (*said, *diagnostic.notes)))},
        "locations": [_location(diagnostic.span)],
        "partialFingerprints": {FINGERPRINT: fingerprint},
    }
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": number, **_location(label.span), "message": {"text": label.text}}
            for number, label in enumerate(diagnostic.labels, 1)
        ]
    if diagnostic.fixes:
        result["fixes"] = [_fix(fix) for fix in diagnostic.fixes]
    return result


def _location(span: Span) -> dict[str, object]:
    place: dict[str, object] = {"artifactLocation": _artifact(span.source)}
    if span.source.text:
        place["region"] = _region(span)
    return {"physicalLocation": place}


def _artifact(source: Source) -> dict[str, object]:
    path = PurePath(source.name)
    name = path.as_posix().encode("utf-8", "surrogateescape")
    return {"uri": path.as_uri() if path.is_absolute() else quote(name)}


def _region(span: Span) -> dict[str, object]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.end
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _fix(fix: Fix) -> dict[str, object]:
    sources = dict.fromkeys(edit.span.source for edit in fix.edits)
    changes = [
        {
            "artifactLocation": _artifact(source),
            "replacements": [
                {
                    "deletedRegion": _region(edit.span),
                    "insertedContent": {"text": edit.replacement},
                }
                for edit in fix.edits
                if edit.span.source is source
            ],
        }
        for source in sources
    ]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _fingerprints(found: Iterable[Diagnostic]) -> Iterator[str]:
    """A hash of code and line; where lines are alike, which of them it is.

    The number and the indentation of the line are left out, so that edits elsewhere in the file
    change nothing.
    """
    seen: Counter[tuple[str, str]] = Counter()
    for diagnostic in found:
        source, line = diagnostic.span.source, diagnostic.span.line
        text = f"{diagnostic.code.id} {' '.join(source.line(line).split())}"
        digest = sha256(text.encode("utf-8", "replace")).hexdigest()[:16]
        seen[source.name, digest] += 1
        yield f"{digest}:{seen[source.name, digest]}"
