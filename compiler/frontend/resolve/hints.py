"""Suggestions for unknown words, all of which are made here.

First come names that differ only in case and underscores, then the equivalents of other libraries'
names, then similarly spelled names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ...diagnostics.model import Edit, Fix
from ...diagnostics.suggest import closest, replacement
from ...source import Span
from ..elsewhere import Meaning, Sort, bare, meaning
from .vocabulary import spelled

SHORT = 5
"""Shorter alternative names are abbreviations, which are no suggestions for misspellings."""

_NONE: Mapping[str, str] = {}


def hint(
    word: str, sort: Sort, names: Iterable[str], others: Mapping[str, str] = _NONE
) -> Meaning | None:
    """Return the probable meaning of an unknown word, from `names` and their alternatives."""
    names = list(names)
    elsewhere = meaning(word, sort)
    same = _same(word, [*names, *others])
    if same is not None:
        own = elsewhere is None or elsewhere.name != others.get(same, same)
        by_case = word.lower() == same.lower()
        sure = by_case or sort is not Sort.OWN if own else elsewhere is not None and elsewhere.sure
        return Meaning(spelled(same, others), sure=sure)
    if elsewhere is not None and (not elsewhere.name or elsewhere.name in names):
        return elsewhere
    known = [*names, *(other for other in others if len(other) >= SHORT)]
    near = closest(word, known, loose=sort is Sort.OWN)
    return Meaning(spelled(near, others)) if near else None


def _same(word: str, names: Collection[str]) -> str | None:
    """Return a name with the same letters: `max_pool` for `maxpool`."""
    by_case = next((name for name in names if name.lower() == word.lower()), None)
    return by_case or next((name for name in names if bare(name) == bare(word)), None)


def said(found: Meaning | None, span: Span, otherwise: str = "", given: str = "") -> dict[str, Any]:
    """Return the parts of a diagnostic for it: the text after the carets, the help, the fix.

    `otherwise` is the help if nothing was found; `given` is the rest of the statement."""
    if found is None:
        return {"help": otherwise}
    if not found.write:
        return {"help": found.advice}
    fixes = _written(found, span, given)
    here = f"did you mean `{found.write}`?" if found.write == found.name else ""
    return {"here": here, "help": found.advice, "fixes": fixes}


def _written(found: Meaning, span: Span, given: str) -> tuple[Fix, ...]:
    """Return the fix that replaces the word at a span by a word, or a word with arguments."""
    if span.source.text[span.stop : span.stop + 1] == "(":
        return _called(found, span)
    words = [
        w for w in found.write.split() if "=" not in w or f"{w.partition('=')[0]}=" not in given
    ]
    return replacement(span, " ".join(words), found.sure)


def _called(found: Meaning, span: Span) -> tuple[Fix, ...]:
    """Return the same fix for a word with parentheses; additions go before its arguments."""
    name, *more = found.write.split()
    text = f"{name.partition('(')[0]}({''.join(f'{word}, ' for word in more)}"
    open_too = Span(span.source, span.start, span.stop + 1)
    if not more:
        return replacement(span, text[:-1], found.sure)
    return (Fix(f"write `{text}…)`", (Edit(open_too, text),), found.sure),)
