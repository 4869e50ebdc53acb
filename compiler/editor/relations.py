"""Definitions, references and renaming, across the files of a spec."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath

from ..frontend import ast
from ..frontend.resolve.vocabulary import RESERVED
from ..source import Source, Span
from .edits import TextEdit, applied
from .names import Definition, Mention, Role
from .study import Study, study


class Refused(Exception):
    """A renaming that would be wrong; the message says why."""


def definition_at(study: Study, offset: int) -> Span | None:
    """Return where the word at an offset is defined; of an include, the beginning of the file."""
    mention = study.names.at(study.source, offset)
    if mention is None:
        return None
    if mention.role is Role.FILE:
        return _file(study, mention)
    return mention.definition.span if mention.definition else None


def _file(study: Study, mention: Mention) -> Span | None:
    wanted = normpath(join(dirname(study.source.name), mention.span.text.strip('"')))
    for source in study.wanted.sources.values():
        if normpath(source.name) == wanted:
            return source.span(0, 0)
    return None


def references_at(studies: Sequence[Study], offset: int) -> tuple[Mention, ...]:
    """Return all mentions of what the word at an offset of the first study means.

    The other studies are of specs that share files with it, each mention counts once."""
    mention = studies[0].names.at(studies[0].source, offset)
    if mention is None or mention.definition is None:
        return ()
    return references(studies, mention.definition)


def references(studies: Sequence[Study], definition: Definition) -> tuple[Mention, ...]:
    """Return the mentions of a definition in some studies, each once."""
    found: dict[tuple[str, int], Mention] = {}
    for each in studies:
        for mention in each.names.references(definition):
            found.setdefault((mention.span.source.name, mention.span.start), mention)
    return tuple(sorted(found.values(), key=lambda m: (m.span.source.name, m.span.start)))


# --- renaming -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Renamed:
    """The edits of each file, by its name."""

    edits: Mapping[str, tuple[TextEdit, ...]]


def renamable(study: Study, offset: int) -> Span:
    """Return the name at an offset; raises Refused if it is not one of the spec's own."""
    return _own_name(study, offset)[0].span


def _own_name(study: Study, offset: int) -> tuple[Mention, Definition]:
    mention = study.names.at(study.source, offset)
    if mention is None:
        raise Refused("there is no name here")
    if mention.definition is None:
        what = "is not defined" if mention.role in (Role.STAGE, Role.WORD) else "is nnc's own word"
        raise Refused(f"`{mention.span.text}` {what}")
    return mention, mention.definition


def rename(studies: Sequence[Study], offset: int, new: str) -> Renamed:
    """Return the edits that give the name at an offset of the first study another one.

    Raises Refused if the new name is not one, or if the spec would not mean the same with it."""
    first = studies[0]
    definition = _own_name(first, offset)[1]
    _check_name(definition, new)
    for each in studies:
        _check_readable(each, definition.name)
    mentions = references(studies, definition)
    edits: dict[str, list[TextEdit]] = {}
    for m in mentions:
        edits.setdefault(m.span.source.name, []).append(TextEdit(m.span.start, m.span.stop, new))
    made = {name: tuple(own) for name, own in edits.items()}
    for each in studies:
        _check_meaning(each, definition, made, new)
    return Renamed(made)


def _check_name(definition: Definition, new: str) -> None:
    size = definition.role is Role.DIMENSION
    pattern = r"[A-Z][A-Z0-9]*" if size else r"[a-z][a-z0-9_]*"
    if not re.fullmatch(pattern, new) or new == "B":
        what = "upper-case letters and digits" if size else "lower-case letters, digits and `_`"
        raise Refused(f"`{new}` is not a name: {what}, a letter first")
    if definition.role is Role.PARAMETER and isinstance(definition.node, ast.BlockParam):
        formula = definition.scope is not None and definition.scope.text.startswith("fn")
        if formula and "t" in (new, definition.name):
            raise Refused("a parameter of a formula is the target of a loss if it is called `t`")
    if new in RESERVED:
        raise Refused(f"`{new}` is a word of the language")


def _check_readable(study: Study, name: str) -> None:
    """Refuse if the name may also stand in text that cannot be read."""
    if any(name in file.unread for file in study.files):
        raise Refused(f"`{name}` also stands in a statement that cannot be read; repair it first")


def _check_meaning(
    before: Study, definition: Definition, edits: Mapping[str, Sequence[TextEdit]], new: str
) -> None:
    """Refuse if the edited spec has other errors, or if names in it mean other things."""
    after = _edited(before, edits)
    old, now = (Counter(d.code.id for d in s.errors) for s in (before, after))
    if more := now - old:
        fault = next(d for d in after.errors if d.code.id in more)
        raise Refused(f"`{new}` cannot be used: {fault.message}")
    expected = {_moved(m, edits) for m in before.names.references(definition)}
    if not expected:
        return
    place = _moved_place(definition.span.source.name, definition.span.start, edits)
    meant = next((d for d in after.names.definitions if d.key == place), None)
    found = (
        {(m.span.source.name, m.span.start) for m in after.names.references(meant)}
        if meant
        else set()
    )
    if found != expected:
        raise Refused(f"`{new}` means something else in a place where `{definition.name}` stands")


def _edited(before: Study, edits: Mapping[str, Sequence[TextEdit]]) -> Study:
    made: dict[str, Source] = {}

    def load(path: str, by: Source) -> Source:
        found = before.load(path, by)
        if found.name not in edits:
            return found
        text = applied(found.text, edits[found.name])
        return made.setdefault(found.name, Source(found.name, text))

    source = before.source
    return study(Source(source.name, applied(source.text, edits.get(source.name, ()))), load)


def _moved(mention: Mention, edits: Mapping[str, Iterable[TextEdit]]) -> tuple[str, int]:
    return _moved_place(mention.span.source.name, mention.span.start, edits)


def _moved_place(name: str, start: int, edits: Mapping[str, Iterable[TextEdit]]) -> tuple[str, int]:
    before = (e for e in edits.get(name, ()) if e.start < start)
    return name, start + sum(len(e.text) - (e.stop - e.start) for e in before)
