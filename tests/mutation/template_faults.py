"""Faults in templates: in the generated code and in what decides about it, found by patterns.

A template is neither Python nor plain text, so places are found by regular expressions over what is
left when comments, docstrings and quoted words are blanked out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .sites import Mutant

NOT_CODE = re.compile(r'\{#.*?#\}|"""(?:.|\n)*?"""|"[^"\n]*"|\'[^\'\n]*\'|#[^{\n]*$', re.M | re.S)
"""Comments of either language, docstrings and strings: their words mean nothing to a test."""

MESSAGE = re.compile(r"(?<=\braise )[^\n]*$|^\s*(?:from|import) [^\n]*$", re.M)
"""What is raised is judged by the tests of messages; imports have nothing to get wrong."""

SLIPS: tuple[tuple[str, str], ...] = (
    ("comparison", r"(?<=[\w)\]}] )(<=|>=|<|>|==|!=)(?= [\w(\[{-])"),
    ("arithmetic", r"(?<=[\w)\]}] )(\+|-|\*\*|\*|//|/|%)(?= [\w(\[{-])"),
    ("in place", r"(?<=[\w)\]}] )(\+=|-=|\*=|/=)(?= )"),
    ("off by one", r"(?<![\w.}\"'])\d+(?![\w.{])"),
    ("sign dropped", r"(?<=[(\[=,:] )-(?=[\w({])|(?<=[(\[,:=])-(?=[\w({])"),
    ("connective", r"\b(and|or)\b"),
    ("truth value", r"\b(True|False|true|false)\b"),
    ("function", r"\bnp\.(add|subtract|multiply|maximum|minimum|greater_equal|greater|less)\b"),
    ("check dropped", r"(?<=\bif )(?!.*(?:%\}|\belse\b))[^\n{}]+(?=:\n\s+(?:raise|return)\b)"),
)

INSTEAD = {
    "<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==",
    "+": "-", "-": "+", "*": "+", "**": "*", "/": "*", "//": "*", "%": "//",
    "+=": "-=", "-=": "+=", "*=": "+=", "/=": "*=",
    "and": "or", "or": "and",
    "True": "False", "False": "True", "true": "false", "false": "true",
    "np.add": "np.subtract", "np.subtract": "np.add", "np.multiply": "np.add",
    "np.maximum": "np.minimum", "np.minimum": "np.maximum",
    "np.greater": "np.greater_equal", "np.greater_equal": "np.greater", "np.less": "np.less_equal",
}  # fmt: skip


def template_mutants(path: str, text: str) -> Iterator[Mutant]:
    """Every fault of one template."""
    code = MESSAGE.sub(_blank, NOT_CODE.sub(_blank, text))
    for kind, pattern in SLIPS:
        for found in re.finditer(pattern, code):
            old = text[found.start() : found.end()]
            line = text.count("\n", 0, found.start()) + 1
            yield Mutant(path, found.start(), found.end(), old, _new(kind, old), kind, line)


def _new(kind: str, old: str) -> str:
    match kind:
        case "off by one":
            return str(int(old) + 1)
        case "sign dropped":
            return ""
        case "check dropped":
            return "False"
        case _:
            return INSTEAD[old]


def _blank(found: re.Match[str]) -> str:
    """As many characters that no pattern knows, on as many lines."""
    return re.sub(r"[^\n]", "~", found.group())
