"""The generated module of a text, with a map between its lines and the stages they came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from ..diagnostics.model import SpecError
from ..driver import Options, compile_source
from ..source import Source, printable
from .study import Study

MOST_LAYERS = 200
"""Layers up to which a module is generated for a question about one stage."""

_FUNCTION = re.compile(r"(?:async )?def (\w+)\(")


@dataclass(frozen=True, eq=False)
class _Marked(Source):
    """A source whose lines are its characters, so that a comment `a.nn:17` names a place exactly."""

    def position(self, offset: int) -> tuple[int, int]:
        """Return the offset in place of a line."""
        return offset, 1


@dataclass(frozen=True, slots=True)
class Region:
    """The lines from `first` up to `last` (from 1) of a function that came from a place of a spec.

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
        """The lines of a region without the comment above them, not indented."""
        lines = self.code.split("\n")[region.first : region.last]
        indent = min((len(li) - len(li.lstrip()) for li in lines if li.strip()), default=0)
        return "\n".join(line[indent:] for line in lines)


@lru_cache(maxsize=4)
def generate(study: Study, level: int = 0) -> Generated | None:
    """Return the module of a text, or None if it has errors or nothing to compile."""
    marked: dict[str, Source] = {}

    def load(path: str, by: Source) -> Source:
        found = study.load(path, by)
        return marked.setdefault(found.name, _Marked(found.name, found.text))

    source = _Marked(study.source.name, study.source.text)
    marked[source.name] = source
    try:
        code = compile_source(source, Options(level=level), load).code
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
    """Put line numbers in place of the marks, and note what each heading is above of."""
    names = "|".join(map(re.escape, sorted(sources, key=len, reverse=True)))
    heading = re.compile(rf"(\s*# |.*\()({names}):(\d+)  (.*)")
    lines = code.split("\n")
    regions: list[Region] = []
    function = ""
    for at, line in enumerate(lines):
        if named := _FUNCTION.match(line):
            function = named[1]
        found = heading.fullmatch(line)
        if found is None:
            continue
        start = int(found[3])
        source = _of_text(sources[found[2]], start, found[4])
        number = Source("", source.text).position(start)[0]
        lines[at] = f"{found[1]}{found[2]}:{number}  {found[4]}"
        if found[1].endswith("# "):
            last = at + 1 + sum(1 for _ in _under(lines, at, heading))
            regions.append(Region(at + 1, last, function, source.name, start, number, found[4]))
    return Generated("\n".join(lines), tuple(regions))


def _of_text(sources: Sequence[Source], start: int, label: str) -> Source:
    """Return the source that has a label's first word at a place; two files may be called alike."""
    word = label.partition(" ")[0]
    fits = (source for source in sources if source.text.startswith(word, start))
    return next(fits, sources[0])


def _under(lines: Sequence[str], at: int, heading: re.Pattern[str]) -> Iterator[str]:
    """Yield the lines that belong to the heading in line `at`."""
    indent = len(lines[at]) - len(lines[at].lstrip())
    for line in lines[at + 1 :]:
        if not line.strip() or heading.fullmatch(line) or len(line) - len(line.lstrip()) < indent:
            return
        if re.match(r"\s*(?:return\b|cache\b|cache\.)", line):
            return
        yield line
