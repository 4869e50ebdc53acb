"""The canonical form of a spec.

One statement is on each line, whatever stood there. Only a file whose statements all stand on one
line keeps them there, joined by `; `, if they fit in 88 columns. The rules in full, for
readers of the language, are in `docs/formatting.md`:

* one blank between words; none around `=`, `:` and `**`; ` = ` after the name of a let or block;
  ` -> ` between stages, ` + - * / // % ` around an operator, `, ` in lists;
* a chain longer than 88 columns has its arrows at the beginning of lines, indented by two; a
  stage that is still too long has its brackets broken, with one item a line and a comma after each;
* other names of kinds, losses, optimizers and initialisations become the language's own, option
  words and booleans are lower-case, numbers and parentheses stay as written;
* `output` and `metric` list their names with commas, other directives need none;
* comments stay between the same words; one inside a part that cannot be broken moves to its end;
* a line that a comment `# nnc: ignore[…]` speaks of is not broken, and not joined with another;
* one blank line at most between statements, none within, one newline at the end, no
  byte order mark, no carriage returns.

The result means what the source meant, and formatting it again changes nothing.
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
    """The canonical text; None if there is none, and the report says why.

    There is none for what cannot be parsed, or could not be afterwards, because it is too long.
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
    """First and last of the statements that are laid out together, and whether lines are kept.

    A comment `# nnc: ignore[…]` speaks of a line, so what stands on that line must stay together.
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
    """Whether a statement ends on the line where the next one begins."""
    between = source.text[statements[index].stop : statements[index + 1].start]
    return "\n" not in between


def _kept(text: str, run: Sequence[Tree]) -> list[str]:
    """Statements that stay on their lines: tidied if it is one, as written if there are more."""
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
    """All statements joined by `; ` if they stand on one line and fit."""
    if len(statements) < 2 or "\n" in text[statements[0].start : statements[-1].stop]:
        return None
    if sum(made.width for made in trees) > WIDTH:
        return None
    whole = "; ".join(flat(made) or "" for made in trees)
    return whole if len(whole) <= WIDTH else None


@dataclass(slots=True)
class _Lines:
    """The lines of the result; `first` and `last` bound those that hold statements."""

    source: Source
    found: list[str] = field(default_factory=list)
    first: int | None = None
    last: int = 0

    def comment(self, comment: Comment, *, inside: bool = False) -> None:
        """Add a comment on a line of its own; one from inside a statement stays close to it."""
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
        """The text, its statements replaced by a single line if one is given."""
        if one_line is not None:
            line = f"{one_line}  {ending}" if ending else one_line
            self.found[self.first : self.last] = [line]
        return "".join(line + "\n" for line in self.found)

    def _blank(self, start: int) -> None:
        number = self.source.position(start)[0]
        if self.found and number > 1 and not self.source.line(number - 1).strip():
            self.found.append("")
