"""Diagnosis of words and values beside a stage that were meant as its activation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...diagnostics.codes import names as codes
from ...diagnostics.model import Edit, Fix
from ...source import Span
from .. import ast
from ..elsewhere import Meaning, Sort, meaning
from .fixes import insert
from .scope import Env, Fault

_BEFORE_NEXT = re.compile(r"[ \t]*(?:->|\n|;|\]|#|as\b|$)")


def unknown_activation(
    word: ast.Word | ast.DimName,
    whole: Span,
    what: str,
    candidates: Sequence[str],
    env: Env,
    otherwise: str = "",
) -> Fault:
    """Return the fault of a word that is no value or activation; it may be a stage elsewhere."""
    found = meaning(word.id, Sort.KIND)
    kinds = env.state.kinds
    if found is None or not found.write or word.id.lower() in candidates:
        return env.unknown(word, what, candidates, otherwise, Sort.KIND)
    if kinds.activation(found.name) and found.write == found.name:
        return env.unknown(word, what, candidates, otherwise, Sort.KIND)
    return _stage(word, whole, found, env)


def _stage(word: ast.Word | ast.DimName, whole: Span, found: Meaning, env: Env) -> Fault:
    """Return the fault of a word that is a separate stage in nnc, or several of them."""
    last = _BEFORE_NEXT.match(whole.source.text, whole.stop)
    fixes: list[Fix] = []
    if found.write == found.name:
        fixes = [
            Fix(f"write `-> {found.write}`", (insert(whole, "-> "), Edit(word.span, found.write)))
        ]
    elif last and word.span == whole and "{" not in found.write and "…" not in found.write:
        fixes = [Fix(f"write `-> {found.write}`", (Edit(whole, f"-> {found.write}"),))]
    return env.fault(
        codes.EXTRA_ARGUMENT,
        word.span,
        f"`{word.id}` is no activation here",
        help="" if fixes else f"write `-> {found.write}` after the stage",
        fixes=fixes,
    )


def no_activation(word: ast.Word, env: Env) -> Fault:
    """Return the fault of `linear`, which elsewhere means that there is no activation."""
    text = word.span.source.text
    spaces = len(text[: word.span.start]) - len(text[: word.span.start].rstrip(" \t"))
    whole = Span(word.span.source, word.span.start - spaces, word.span.stop)
    return env.fault(
        codes.EXTRA_ARGUMENT,
        word.span,
        "`linear` is a dense layer here, and no activation",
        fixes=[Fix("leave it out: a stage without an activation is linear", (Edit(whole, ""),))],
    )


def bounded(kind: str, value: ast.Value) -> dict[str, Any] | None:
    """Return the message parts for `relu(6)` and `prelu(0.25)`, with the right notation."""
    if not isinstance(value, ast.Number) or value.value <= 0:
        return None
    match kind:
        case "prelu":
            return _slope(value)
        case "relu":
            return _bound(value)
    return None


def _slope(value: ast.Number) -> dict[str, Any]:
    text, whole = value.span.text, _call("prelu", value.span)
    if value.value == 0.25 and whole:
        title = "write `prelu`: its slope is learned and starts at 0.25"
        return {"fixes": [Fix(title, (Edit(whole, "prelu"),), safe=True)]}
    return {
        "help": "its slope is learned and starts at 0.25; "
        f"a slope that stays {text} is `leaky_relu({text})`"
    }


def _bound(value: ast.Number) -> dict[str, Any]:
    """Return the message parts for a relu with an upper bound, which is given by key."""
    whole, right = _call("relu", value.span), f"relu(max={value.span.text})"
    advice = f"a relu that is bounded at {value.value:g} is written `{right}`"
    return {"fixes": [Fix(advice, (Edit(whole, right),))]} if whole else {"help": advice}


def _call(kind: str, value: Span) -> Span | None:
    """Return the span of `relu(6)` or `relu 6`, given that of its only value."""
    text = value.source.text
    before = re.search(rf"\b{kind}(\(\s*|[ \t]+)$", text[: value.start])
    if before is None:
        return None
    after = re.compile(r"\s*\)" if "(" in before[0] else "").match(text, value.stop)
    return Span(value.source, before.start(), after.end()) if after else None
