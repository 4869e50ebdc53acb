"""Notations of values in other languages that nnc lacks: tuples, percent, quotes, modules."""

from __future__ import annotations

import re

from ...diagnostics.codes import syntax
from ...diagnostics.model import Diagnostic, Edit, Fix
from ...source import Span
from ..statements import OPENING, Statement, Token

MODULES = frozenset(
    [
        "nn",
        "F",
        "f",
        "torch",
        "keras",
        "layers",
        "tf",
        "np",
        "functional",
        "activations",
        "optim",
        "optimizers",
        "losses",
        "metrics",
        "init",
        "initializers",
        "lr_scheduler",
        "schedules",
        "jax",
        "flax",
        "linen",
        "tensorflow",
        "sklearn",
        "slim",
        "models",
        "math",
    ]
)
"""Module names before a dot elsewhere; names in nnc have no prefix."""


def tuple_fault(statement: Statement, index: int) -> Diagnostic | None:
    """Report `(3, 3)`, which is `3x3`; `(784,)` is `784`, and numbers other than sizes a list."""
    tokens = statement.tokens
    if index >= len(tokens) or tokens[index].text != ",":
        return None
    opener = next((i for i in range(index, -1, -1) if tokens[i].text in OPENING), None)
    closer = next((i for i in range(index, len(tokens)) if tokens[i].text in (")", "]")), None)
    if opener is None or closer is None or tokens[opener].text != "(":
        return None
    inner = tokens[opener + 1 : closer]
    items, commas = inner[::2], inner[1::2]
    touching = statement.touches(opener, "(") and tokens[opener - 1].kind == "word"
    if touching or not _parts(items) or any(comma.text != "," for comma in commas):
        return None
    span = statement.span_of(tokens[opener]).to(statement.span_of(tokens[closer]))
    text = _joined([item.text for item in items])
    return _fault(span, "there are no tuples", f"write `{text}`", text)


def _parts(items: tuple[Token, ...]) -> bool:
    return bool(items) and all(item.kind in ("number", "word") for item in items)


def _joined(items: list[str]) -> str:
    if len(items) == 1:
        return items[0]
    if all(item.isdigit() or re.fullmatch("[A-Z][A-Z0-9]*", item) for item in items):
        return "x".join(items)
    return f"[{', '.join(items)}]"


def percent_fault(statement: Statement, index: int) -> Diagnostic | None:
    """Report `50%`, which is `0.5`."""
    tokens = statement.tokens
    for at in (index, index - 1):
        if not 0 < at < len(tokens) or not statement.touches(at, "%"):
            continue
        number = tokens[at - 1]
        followed = at + 1 < len(tokens) and tokens[at + 1].start == tokens[at].stop
        if followed and tokens[at + 1].text not in (",", ")", "]", "->"):
            return None
        if re.fullmatch(r"[0-9]+(\.[0-9]+)?", number.text):
            text = f"{float(number.text) / 100:.9g}"
            span = statement.span_of(number).to(statement.span_of(tokens[at]))
            return _fault(span, "there is no percent sign for numbers", f"write `{text}`", text)
    return None


def quotes(statement: Statement, token: Token) -> tuple[Fix, ...]:
    """Return the fix for a word in single quotes; file names get double quotes."""
    found = re.compile(r"'([^'\n]*)'").match(statement.source.text, token.start)
    if found is None:
        return ()
    span = Span(statement.source, found.start(), found.end())
    if statement.tokens[0].text in ("include", "model"):
        return (Fix("write it in double quotes", (Edit(span, f'"{found[1]}"'),), safe=True),)
    if not re.fullmatch(r"\w+", found[1], re.ASCII):
        return ()
    return (Fix(f"write `{found[1]}`", (Edit(span, found[1]),), safe=True),)


def module_prefix(statement: Statement, token: Token) -> Span | None:
    """Return the span of `torch.nn.` before a name, given its first dot."""
    text = statement.source.text
    start = re.search(r"[A-Za-z_]\w*$", text[statement.start : token.start])
    if start is None or start[0] not in MODULES:
        return None
    begin = statement.start + start.start()
    prefix = re.compile(r"(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])").match(text, begin)
    return Span(statement.source, begin, prefix.end()) if prefix else None


def _fault(span: Span, message: str, advice: str, text: str) -> Diagnostic:
    fix = Fix(advice, (Edit(span, text),), safe=True)
    return syntax.UNEXPECTED_TOKEN.at(span, message, help=advice, fixes=[fix])
