"""What every word of a spec means: which definition, argument or kind each mention refers to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from ..frontend import ast
from ..kinds.arguments import ArgSpec
from ..record import record
from ..source import Source, Span
from .vocabulary import Entry


class Role(Enum):
    """What a word is."""

    KIND = "layer"
    ACTIVATION = "activation"
    LET = "let"
    BLOCK = "block"
    FN = "fn"
    PARAMETER = "parameter"
    STAGE = "stage"
    DIMENSION = "symbolic size"
    KEY = "argument"
    OPTION = "option"
    CHOICE = "choice"
    FUNCTION = "function"
    WORD = "word"
    FILE = "file"


@record(frozen=True, slots=True)
class Definition:
    """Something that a spec names. `span` is the name, `whole` all of the definition.

    `scope` is the range where the name is known; None is the whole file."""

    role: Role
    name: str
    span: Span
    whole: Span
    scope: Span | None
    node: object

    @property
    def key(self) -> tuple[str, int]:
        """The same for the same place of the same file, also if it was read twice."""
        return self.span.source.name, self.span.start


@record(frozen=True, slots=True)
class Mention:
    """A word: its role, and what it refers to: a definition, a registry's entry, an argument."""

    span: Span
    role: Role
    definition: Definition | None = None
    defines: bool = False
    entry: Entry | None = None
    spec: ArgSpec | None = None
    owner: str = ""


@dataclass(frozen=True)
class Names:
    """All mentions in some files, and what is defined in them."""

    mentions: tuple[Mention, ...]
    definitions: tuple[Definition, ...]

    @cached_property
    def _by_source(self) -> dict[Source, list[Mention]]:
        found: dict[Source, list[Mention]] = {}
        for mention in self.mentions:
            found.setdefault(mention.span.source, []).append(mention)
        for own in found.values():
            own.sort(key=lambda m: m.span.start)
        return found

    def of(self, source: Source) -> Sequence[Mention]:
        """The mentions in one file, in order."""
        return self._by_source.get(source, ())

    def at(self, source: Source, offset: int) -> Mention | None:
        """The mention that an offset is in or directly behind."""
        own = self.of(source)
        at = bisect_right(own, offset, key=lambda m: m.span.start)
        touching = (m for m in reversed(own[max(0, at - 2) : at]) if offset <= m.span.stop)
        return next(touching, None)

    def references(self, definition: Definition) -> Iterator[Mention]:
        """The mentions of a definition, itself included."""
        for mention in self.mentions:
            if mention.definition is not None and mention.definition.key == definition.key:
                yield mention

    def visible(self, source: Source, offset: int) -> Iterator[Definition]:
        """The definitions that a word at an offset could refer to."""
        inside = self._in_block(source, offset)
        for definition in self.definitions:
            everywhere = definition.role in (Role.LET, Role.BLOCK, Role.FN, Role.DIMENSION)
            if everywhere or _is_visible(definition, source, offset, inside):
                yield definition

    def _in_block(self, source: Source, offset: int) -> bool:
        return any(
            d.role in (Role.BLOCK, Role.FN)
            and d.span.source is source
            and d.span.start <= offset <= d.whole.stop
            for d in self.definitions
        )


def _is_visible(definition: Definition, source: Source, offset: int, in_block: bool) -> bool:
    """Return whether a stage or parameter can be named at an offset, which may be in a block."""
    scope = definition.scope
    if definition.span.source is not source:
        return False
    if scope is not None:
        return scope.start <= offset <= scope.stop
    return definition.span.stop <= offset and not in_block


def names_of(files: Sequence[ast.File]) -> Names:
    """Return what the words of a file and its includes mean."""
    from .walking import Walker

    walker = Walker()
    for file in files:
        walker.collect(file)
    for file in files:
        walker.collect_lost(file)
    for file in files:
        walker.file(file)
    return Names(tuple(walker.mentions), tuple(walker.definitions.values()))
