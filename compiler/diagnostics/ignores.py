"""`# nnc: ignore[NN301]`: findings that a spec silences where they are.

The comment speaks of its line or, where it stands alone, of the next line that is more than a
comment. Only what is no obstacle to building can be silenced: warnings, infos, and the errors of
the modelling lints (NN3xx).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from ..source import Source, Span
from .codes import CODES
from .codes.names import UNUSED_IGNORE
from .model import Code, Diagnostic, Edit, Fix, Report, Severity
from .suggest import closest, listing, replacement

MOST = 8
"""So much is said of one comment."""

MARK = "nnc:"
"""Every such comment contains it; a text without it need not be searched."""

_STRING_OR_COMMENT = re.compile(r'"[^"\n]*"|#[^\n]*')
_DIRECTIVE = re.compile(r"#\s*nnc:\s*(?:ignore\s*\[([^]\n]*)\]|.*)")
_WORD = re.compile(r"[^\s,]+")
_FORM = "write the codes as in `# nnc: ignore[NN141]`"


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that silences: all of it, the codes it names, and the line it speaks of."""

    comment: Span
    codes: tuple[Span, ...]
    line: int


def apply(report: Report, source: Source, complete: bool) -> None:
    """Remove the silenced findings from a report, and report what silences nothing.

    Findings in included files obey the comments of those files, which are judged only where
    `source` itself is one: another spec may need them. `complete` says whether all stages ran;
    if not, findings may be missing for other reasons, and unused comments are not mentioned.
    """
    sources = dict.fromkeys([source, *(d.span.source for d in report.found)])
    used: set[Span] = set()
    for where in sources:
        if MARK in where.text:
            _silence(report, where, used)
    if MARK in source.text:
        for ignore in ignores(source):
            report.found += islice(_judged(ignore, used, complete), MOST)


def ignores(source: Source) -> Iterator[Ignore]:
    """The comments of a source that begin with `nnc:`, in order."""
    comments = [m for m in _STRING_OR_COMMENT.finditer(source.text) if m[0].startswith("#")]
    alone = {
        source.position(m.start())[0]
        for m in comments
        if not source.line(source.position(m.start())[0]).partition("#")[0].strip()
    }
    meant: dict[int, int] = {}
    for line in sorted(alone, reverse=True):
        meant[line] = meant.get(line + 1, line + 1)
    for comment in comments:
        found = _DIRECTIVE.search(source.text, comment.start(), comment.end())
        if found is None:
            continue
        line = source.position(found.start())[0]
        words = _codes(source, found)
        yield Ignore(source.span(found.start(), comment.end()), words, meant.get(line, line))


def _codes(source: Source, found: re.Match[str]) -> tuple[Span, ...]:
    if found[1] is None:
        return ()
    words = _WORD.finditer(source.text, *found.span(1))
    return tuple(source.span(word.start(), word.end()) for word in words)


def _silence(report: Report, source: Source, used: set[Span]) -> None:
    named: dict[tuple[int, str], list[Span]] = {}
    for ignore in ignores(source):
        for code in ignore.codes:
            named.setdefault((ignore.line, code.text), []).append(code)

    def silenced(diagnostic: Diagnostic) -> bool:
        span, code = diagnostic.span, diagnostic.code
        if span.source is not source or not _can_be_silenced(code):
            return False
        words = named.get((span.line, code.id), ())
        used.update(words)
        return bool(words)

    report.found[:] = [d for d in report.found if not silenced(d)]


def _can_be_silenced(code: Code) -> bool:
    return code.severity is not Severity.ERROR or code.id.startswith("NN3")


def _judged(ignore: Ignore, used: set[Span], complete: bool) -> Iterable[Diagnostic]:
    if not ignore.codes:
        yield UNUSED_IGNORE.at(ignore.comment, "this comment silences nothing", help=_FORM)
    for at, code in enumerate(ignore.codes):
        if code in used:
            continue
        if code.text not in CODES:
            yield _unknown(code)
        elif not _can_be_silenced(CODES[code.text]):
            yield _refused(ignore, at)
        elif complete:
            yield UNUSED_IGNORE.at(
                code,
                f"there is no {code.text} to silence on line {ignore.line}",
                fixes=[_removal(ignore, at)],
            )


def _unknown(word: Span) -> Diagnostic:
    by_name = {code.name: id for id, code in CODES.items()}
    id = word.text.upper()
    same_range = [code for code in CODES if code[:3] == id[:3]]
    beginning_so_first = sorted(same_range, key=lambda code: not code.startswith(id))
    meant = by_name.get(word.text.lower()) or closest(word.text, beginning_so_first, loose=True)
    return UNUSED_IGNORE.at(
        word,
        f"there is no code `{word.text}` to silence",
        help="" if meant else "`nnc explain` lists all codes",
        fixes=replacement(word, meant),
    )


def _refused(ignore: Ignore, at: int) -> Diagnostic:
    code = ignore.codes[at]
    return UNUSED_IGNORE.at(
        code,
        f"{code.text} is an error that cannot be silenced",
        help="repair what it reports; warnings, infos and NN3xx can be silenced",
        fixes=[_removal(ignore, at)],
    )


def _removal(ignore: Ignore, at: int) -> Fix:
    """Take one code out of the comment; with the last one goes the comment."""
    code, source = ignore.codes[at], ignore.comment.source
    if len(ignore.codes) == 1:
        return Fix("remove the comment", (Edit(_with_space(ignore.comment), ""),), safe=True)
    if at + 1 < len(ignore.codes):
        gone = source.span(code.start, ignore.codes[at + 1].start)
    else:
        gone = source.span(ignore.codes[at - 1].stop, code.stop)
    return Fix(f"remove {listing([code.text])}", (Edit(gone, ""),), safe=True)


def _with_space(comment: Span) -> Span:
    """A comment with the spaces before it, and with its line if there is nothing else on it."""
    source = comment.source
    line = source.line_starts[comment.line - 1]
    start = line + len(source.text[line : comment.start].rstrip())
    stop = comment.stop
    if start == line:
        stop = min(stop + 1, len(source.text))
    elif source.text[stop - 1] == "\r":
        stop -= 1
    return source.span(start, stop)
