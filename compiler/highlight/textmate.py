"""The grammar of specs for editors that read TextMate grammars, VS Code among them.

`python -m nnc.highlight.textmate` prints it; editors/vscode/syntaxes has a copy, which a test compares.
"""

from __future__ import annotations

import json

from .rules import Rule, rules

SCOPE = "source.nn"


def grammar() -> str:
    """Return the grammar as JSON."""
    found = {
        "name": "nnc spec",
        "scopeName": SCOPE,
        "fileTypes": ["nn"],
        "patterns": [_pattern(rule) for rule in rules() if any(rule.styles)],
    }
    return json.dumps(found, indent=2) + "\n"


def _pattern(rule: Rule) -> dict[str, object]:
    captures = {
        str(number): {"name": style.scope}
        for number, style in enumerate(rule.styles, start=1)
        if style is not None
    }
    return {"match": rule.pattern, "captures": captures}
