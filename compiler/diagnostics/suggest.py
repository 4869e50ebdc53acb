"""Did you mean: the nearest of the names that would have been right."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from ..source import Span
from .model import Edit, Fix

EFFORT = 30_000
"""So many pairs of letters, and so many names, are compared with one word; then the best so far
is given."""


def distance(a: str, b: str, most: int = 1 << 20) -> int:
    """Damerau-Levenshtein distance (optimal string alignment): edits and swaps of neighbours.

    Where it is above `most`, some number above `most` is given, which is quicker.

    >>> distance("dence", "dense"), distance("desne", "dense"), distance("a", "abc")
    (1, 1, 2)
    """
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        row = [i]
        for j, other in enumerate(b, 1):
            best = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        if min(row) > most <= min(last):
            return most + 1
        before, last = last, row
    return last[-1]


def closest(word: str, candidates: Iterable[str], loose: bool = False) -> str | None:
    """The candidate that was most likely meant, or None if none is near.

    A word that differs in case only wins; else up to a third of the letters may be wrong.
    Other digits, another letter of three, and letters before or after a whole candidate are no
    slips: `conv3d`, `cnn` and `bilstm` are other things than `conv2d`, `rnn` and `lstm`. With
    `loose`, as for names that a user made up, they are.

    >>> closest("ReLU", ["elu", "relu"]), closest("dence", ["dense"]), closest("x", ["y"])
    ('relu', 'dense', None)
    """
    return _closest(word, tuple(dict.fromkeys(candidates)), loose)


@lru_cache(maxsize=256)
def _closest(word: str, known: tuple[str, ...], loose: bool) -> str | None:
    """Remembered, since a misspelt word in a repeat is met in every copy."""
    lower = word.lower()
    letters = set(lower)
    for candidate in known:
        if candidate.lower() == lower:
            return candidate
    good, effort = [], 0
    for i, candidate in enumerate(known[:EFFORT]):
        most = _tolerance(word, candidate)
        if (
            abs(len(candidate) - len(word)) > most
            or len(letters.difference(candidate.lower())) > most
            or _another(lower, candidate.lower(), loose)
        ):
            continue
        effort += len(word) * len(candidate)
        if effort > EFFORT:
            break
        edits = distance(lower, candidate.lower(), most)
        if edits <= most:
            good.append((edits, i))
    return known[min(good)[1]] if good else None


def _another(word: str, candidate: str, loose: bool) -> bool:
    """Whether a word is nearly a candidate, but not by a slip."""
    if loose:
        return False
    if {c for c in word if c.isdigit()} != {c for c in candidate if c.isdigit()}:
        return True
    if len(word) == len(candidate) < 4:
        return sorted(word) != sorted(candidate)
    longer = len(word) - len(candidate)
    return longer > 1 and (word.startswith(candidate) or word.endswith(candidate))


def _tolerance(word: str, candidate: str) -> int:
    """How many edits still count as a slip: a third of the letters, one in short words."""
    longest = max(len(word), len(candidate))
    return 0 if longest < 2 or min(len(word), len(candidate)) < 2 else max(1, longest // 3)


def replacement(span: Span, meant: str | None, sure: bool = False) -> tuple[Fix, ...]:
    """The fix that writes `meant` at a place; safe where it surely means the same."""
    if meant is None:
        return ()
    safe = sure or span.text.lower() == meant.lower()
    return (Fix(f"write `{meant}`", (Edit(span, meant),), safe),)


def listing(names: Iterable[str], most: int = 12) -> str:
    """Names as a sentence lists them: `` `a`, `b` and `c` ``; the rest is counted."""
    quoted = [f"`{name}`" for name in names]
    if len(quoted) > most:
        return ", ".join(quoted[:most]) + f" and {len(quoted) - most} more"
    if len(quoted) < 2:
        return "".join(quoted)
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"
