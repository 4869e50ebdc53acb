"""The check of one text, with all that was found out on the way: what every answer is made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from ..diagnostics.model import Diagnostic, Report, Severity
from ..driver import Load, Traced, check, no_includes
from ..frontend import ast
from ..frontend.parser import parse
from ..ir.bounds import DEFAULT_MEMORY
from ..ir.layer_graph import TypedGraph
from ..source import Source

if TYPE_CHECKING:
    from .names import Names
    from .stages import Facts


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was included: the sources that were there, and all names that were asked for."""

    sources: dict[str, Source] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class Study:
    """A checked text. `graph` is there only without errors, `traced` as far as the check came."""

    source: Source
    found: tuple[Diagnostic, ...]
    traced: Traced
    graph: TypedGraph | None
    wanted: Wanted
    load: Load

    @cached_property
    def file(self) -> ast.File:
        """The syntax tree; broken statements are missing from it, as far as they are broken."""
        return self.traced.file or tree(self.source)

    @cached_property
    def files(self) -> tuple[ast.File, ...]:
        """The syntax trees of this text and of all that it includes."""
        others = (tree(source) for source in self.wanted.sources.values())
        return (self.file, *others)

    @cached_property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The findings that stop compilation."""
        return tuple(d for d in self.found if d.severity is Severity.ERROR)

    @cached_property
    def names(self) -> Names:
        """What every word of these files means."""
        from .names import names_of

        return names_of(self.files)

    @cached_property
    def stages(self) -> Facts:
        """What every stage leaves."""
        from .stages import facts_of

        return facts_of(self)


def study(source: Source, load: Load = no_includes, max_memory: int = DEFAULT_MEMORY) -> Study:
    """Check a text; faults of the spec are findings, and never exceptions."""
    wanted = Wanted()

    def loading(path: str, by: Source) -> Source:
        wanted.names.add(normpath(join(dirname(by.name), path)))
        found = load(path, by)
        if found is not source and normpath(found.name) != normpath(source.name):
            wanted.sources[found.name] = found
        return found

    traced = Traced()
    checked = check(source, loading, max_memory, traced)
    return Study(source, tuple(checked.report), traced, checked.graph, wanted, load)


@lru_cache(maxsize=64)
def tree(source: Source) -> ast.File:
    """The syntax tree of an included file, parsed once."""
    return parse(source, Report())
