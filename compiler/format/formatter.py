"""The canonical form of a spec.

Each statement is on a separate line. Only a file whose statements are all on one line keeps them
there, joined by `; `, if they fit in 88 columns. The complete rules are in
`docs/formatting.md`:

* one blank between words; none around `=`, `:` and `**`; ` = ` after the name of a let or block;
  ` -> ` between stages, ` + - * / // % ` around an operator, `, ` in lists;
* a chain longer than 88 columns has its arrows at the beginning of lines, indented by two; if a
  stage is still too long, its brackets are broken, with one item per line and a comma after each;
* aliases of kinds, losses, optimizers and initialisations are replaced by the proper names, option
  words and booleans are lower-case, numbers and parentheses are unchanged;
* `output` and `metric` list their names with commas, other directives use none;
* comments stay between the same words; one inside a part that cannot be broken moves to its end;
* a line to which a comment `# nnc: ignore[…]` applies is neither broken nor joined with another;
* at most one blank line between statements, none within, one newline at the end, no
  byte order mark, no carriage returns.

Formatting preserves the meaning and is idempotent.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..collecting import collecting_later
from ..diagnostics.codes import files
from ..diagnostics.ignores import MARK, ignores
from ..diagnostics.model import Report
from ..frontend import ast
from ..frontend.parser import MAX_CHARACTERS, parse
from ..frontend.statements import Statement, split
from ..source import Source
from .comments import Comment, Placer, comments_of, trailing
from .layout import WIDTH, flat, lines
from .tree import Tree, tree
from .verify import verify
from .words import Spelling, spelling


def format_source(source: Source, report: Report) -> str | None:
    """Return the canonical text, or None if there is none; the report has the reason.

    There is none if the text cannot be parsed, or if the result would be too long to be parsed.
    """
    with collecting_later():
        return _format(source, report)


def _format(source: Source, report: Report) -> str | None:
    text = source.text.removeprefix("\ufeff").replace("\r\n", "\n")
    source = Source(source.name, text)
    statements = tuple(split(source))
    file = parse(source, report, statements)
    if file.broken:
        return None
    words = spelling(file)
    formatted = _formatted(source, statements, file, words)
    if len(formatted) > MAX_CHARACTERS:
        message = f"formatted, the spec would have {len(formatted):,} characters, "
        message += f"{MAX_CHARACTERS:,} are allowed"
        report.add(files.SPEC_TOO_LARGE.at(source.span(0, 0), message))
        return None
    verify(statements, file, words.words, Source(source.name, formatted))
    return formatted


def _formatted(
    source: Source, statements: Sequence[Statement], file: ast.File, words: Spelling
) -> str:
    trees = [
        tree(statement, _arguments(parsed), words)
        for statement, parsed in zip(statements, file.statements, strict=True)
    ]
    text = source.text
    placer = Placer(comments_of(text))
    found = _Lines(source)
    for own in placer.take(statements[0].start if statements else len(text)):
        found.comment(own)
    for first, last, kept in _runs(source, statements):
        start, end = statements[first].start, statements[last].stop
        stop = statements[last + 1].start if last + 1 < len(statements) else len(text)
        if not kept:
            if placer.before(end):
                placer.into(trees[last])
        elif "\n" in text[start:end]:
            placer.take(end)
        trees[last].last.trailing, alone = trailing(placer.take(stop), end)
        run = trees[first : last + 1]
        found.statement(_kept(text[start:end], run) if kept else lines(run[-1]), start)
        for own in alone:
            found.comment(own, inside=own.start < end)
    ending = trees[-1].last.trailing if trees else ""
    return found.joined(_one_line(text, statements, trees), ending)


def _runs(source: Source, statements: Sequence[Statement]) -> Iterator[tuple[int, int, bool]]:
    """Yield first and last of the statements laid out together, and whether lines are kept.

    A comment `# nnc: ignore[…]` applies to a line, so the statements on that line stay together.
    """
    silenced = {ignore.line for ignore in ignores(source)} if MARK in source.text else set()
    first = 0
    while first < len(statements):
        last = first
        while silenced and last + 1 < len(statements) and _share(source, statements, last):
            last += 1
        begin, end = statements[first].span.line, statements[last].span.end[0]
        if silenced.isdisjoint(range(begin, end + 1)):
            yield from ((i, i, False) for i in range(first, last + 1))
        else:
            yield first, last, True
        first = last + 1


def _share(source: Source, statements: Sequence[Statement], index: int) -> bool:
    """Return whether a statement ends on the line where the next one begins."""
    between = source.text[statements[index].stop : statements[index + 1].start]
    return "\n" not in between


def _kept(text: str, run: Sequence[Tree]) -> list[str]:
    """Return statements that stay on their lines: a single one formatted, several as written."""
    *above, line = [line.rstrip() for line in text.split("\n")]
    if not above:
        line = "; ".join(flat(made) or "" for made in run)
    ending = run[-1].last.trailing
    return [*above, f"{line}  {ending}" if ending else line]


def _arguments(statement: ast.Statement) -> list[int]:
    if not isinstance(statement, ast.Directive):
        return []
    return [arg.span.start for arg in statement.args]


def _one_line(text: str, statements: Sequence[Statement], trees: Sequence[Tree]) -> str | None:
    """Return all statements joined by `; ` if they are on one line and fit."""
    if len(statements) < 2 or "\n" in text[statements[0].start : statements[-1].stop]:
        return None
    if sum(made.width for made in trees) > WIDTH:
        return None
    whole = "; ".join(flat(made) or "" for made in trees)
    return whole if len(whole) <= WIDTH else None


@dataclass(slots=True)
class _Lines:
    """The lines of the result; `first` and `last` bound the lines with statements."""

    source: Source
    found: list[str] = field(default_factory=list)
    first: int | None = None
    last: int = 0

    def comment(self, comment: Comment, *, inside: bool = False) -> None:
        """Add a comment on a separate line; one from inside a statement stays adjacent to it."""
        if not inside:
            self._blank(comment.start)
        self.found.append(comment.text)

    def statement(self, laid_out: list[str], start: int) -> None:
        """Add the lines of a statement that began at an offset."""
        self._blank(start)
        if self.first is None:
            self.first = len(self.found)
        self.found += laid_out
        self.last = len(self.found)

    def joined(self, one_line: str | None, ending: str) -> str:
        """Return the text; a given single line replaces the statements."""
        if one_line is not None:
            line = f"{one_line}  {ending}" if ending else one_line
            self.found[self.first : self.last] = [line]
        return "".join(line + "\n" for line in self.found)

    def _blank(self, start: int) -> None:
        number = self.source.position(start)[0]
        if self.found and number > 1 and not self.source.line(number - 1).strip():
            self.found.append("")
