"""The generated module of a text, with a map between its lines and the stages they came from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from textwrap import dedent

from ..diagnostics.model import SpecError
from ..driver import Options, check, compile_checked
from ..source import Source, printable
from ..targets.formatted import black_format
from .study import Study

MOST_LAYERS = 500
"""Layers up to which a module is generated for a question about one stage."""

_LEAVES = re.compile(r"\s*(?:return\b|cache\b|cache\.)")
"""What a function ends with, which is of no stage."""

_FUNCTION = re.compile(r"(?:async )?def (\w+)\(")


@dataclass(frozen=True, eq=False)
class _Marked(Source):
    """A source whose lines are its characters, once `marking` is not empty.

    A comment `a.nn:17` of a module then names a place exactly. Checks need real lines."""

    marking: list[bool] = field(default_factory=list)

    def position(self, offset: int) -> tuple[int, int]:
        """Return the offset in place of a line."""
        return (offset, 1) if self.marking else Source.position(self, offset)


@dataclass(frozen=True, slots=True)
class Region:
    """The lines after `first` up to `last` (from 1) of a function that came from a place of a spec.

    Line `first` is the comment above them, or what another stage of the same comment ends with.
    `label` is the stage's text with the name of its copy, as in the comment above the lines."""

    first: int
    last: int
    function: str
    source: str
    start: int
    line: int
    label: str


@dataclass(frozen=True, slots=True)
class Generated:
    """A module's text and where its lines come from."""

    code: str
    regions: tuple[Region, ...] = field(default=())

    def of_stage(
        self, source: Source, start: int, function: str, label: str | None = None
    ) -> Region | None:
        """The first region of a function that came from the stage at a place, of a copy if named."""
        for region in self.regions:
            place = (region.function, region.source, region.start)
            if place == (function, source.name, start) and label in (None, region.label):
                return region
        return None

    def text(self, region: Region) -> str:
        """The lines of a region without the comment above them, formatted, not indented."""
        lines = self.code.split("\n")[region.first : region.last]
        code = black_format("\n".join(["def f():", *lines]))
        return dedent(code.partition("\n")[2]).rstrip()


@lru_cache(maxsize=4)
def generate(study: Study, level: int = 0, *, pretty: bool = True) -> Generated | None:
    """Return the module of a text, or None if it has errors or nothing to compile.

    Black takes nine tenths of the time; without `pretty` it does not run."""
    marked: dict[str, Source] = {}
    marking: list[bool] = []

    def load(path: str, by: Source) -> Source:
        found = study.load(path, by)
        return marked.setdefault(found.name, _Marked(found.name, found.text, marking))

    source = _Marked(study.source.name, study.source.text, marking)
    marked[source.name] = source
    checked = check(source, load)
    marking.append(True)
    try:
        code = compile_checked(source, checked, Options(level=level, format=pretty), load).code
    except SpecError:
        return None
    return _mapped(code, _by_file_name(marked))


def _by_file_name(sources: Mapping[str, Source]) -> Mapping[str, Sequence[Source]]:
    """Return the sources by the names that comments have for them."""
    found: dict[str, list[Source]] = {}
    for source in sources.values():
        name = source.name.replace("\\", "/").rpartition("/")[2]
        found.setdefault(printable(" ".join(name.split())), []).append(source)
    return found


def _mapped(code: str, sources: Mapping[str, Sequence[Source]]) -> Generated:
    """Put line numbers in place of the marks, and note what each heading is above of.

    Two stages of a line with the same text have one heading where they follow each other."""
    names = "|".join(map(re.escape, sorted(sources, key=len, reverse=True)))
    marked = re.compile(rf"(\s*# |.*\()({names}):(\d+)  (.*)")
    found = _Lines()
    for line in code.split("\n"):
        mark = marked.fullmatch(line)
        if mark is None:
            found.plain(line)
            continue
        start = int(mark[3])
        source = _of_text(sources[mark[2]], start, mark[4])
        number = Source("", source.text).position(start)[0]
        text = f"{mark[1]}{mark[2]}:{number}  {mark[4]}"
        if mark[1].endswith("# "):
            found.heading(text, source.name, start, number, mark[4])
        else:
            found.plain(text)
    found.end()
    return Generated("\n".join(found.lines), tuple(found.regions))


@dataclass(slots=True)
class _Lines:
    """The lines of a module so far, and the region that is still open."""

    lines: list[str] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    function: str = ""
    open: Region | None = None
    said: str = ""

    def plain(self, line: str) -> None:
        """Add a line of code, which may end a region."""
        if named := _FUNCTION.match(line):
            self.function, self.said = named[1], ""
        if self.open is not None and self._ends(line):
            self.end()
        self.lines.append(line)

    def _ends(self, line: str) -> bool:
        above = self.lines[self.open.first - 1] if self.open else ""
        indent = len(above) - len(above.lstrip())
        return (
            not line.strip()
            or _LEAVES.match(line) is not None
            or (len(line) - len(line.lstrip()) < indent)
        )

    def heading(self, text: str, source: str, start: int, number: int, label: str) -> None:
        """Begin a region, under a heading of its own unless the last one says the same."""
        self.end()
        if text == self.said:
            if not self.lines[-1].strip():
                self.lines.pop()
        else:
            self.lines.append(text)
        self.said = text
        at = len(self.lines)
        self.open = Region(at, at, self.function, source, start, number, label)

    def end(self) -> None:
        """Close the region that is open."""
        if self.open is not None:
            self.regions.append(replace(self.open, last=len(self.lines)))
            self.open = None


def _of_text(sources: Sequence[Source], start: int, label: str) -> Source:
    """Return the source that has a label's first word at a place; two files may be called alike."""
    word = label.partition(" ")[0]
    fits = (source for source in sources if source.text.startswith(word, start))
    return next(fits, sources[0])
