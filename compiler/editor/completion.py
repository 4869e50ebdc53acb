"""What may be written at a place: names of the registries, the spec's own, and words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ..diagnostics.codes import CODES
from ..ir.formula import FUNCTIONS
from ..kinds.arguments import ArgSpec, Flag, Init, LayerName, Option, ValueName
from ..kinds.layer import Trailing
from ..layers import LAYERS
from .context import Place, Where, keys_of, place_at
from .fitting import fitting
from .names import Definition, Role
from .owners import args_of, next_positional
from .study import Study
from .texts import argument_text, definition_text, entry_text
from .vocabulary import SAYS, WORDS, entries, proper


@dataclass(frozen=True, slots=True)
class Item:
    """A word that may be written: replace the text from `start` to the offset by `insert`.

    `sort` is a role or a sort of the registries; earlier groups of `rank` are more likely."""

    label: str
    sort: str
    detail: str = ""
    documentation: str = ""
    insert: str = ""
    start: int = 0
    rank: int = 5


_BEFORE_EQUALS = re.compile(r"[a-z0-9_]*=")

Files = Callable[[], Iterable[str]]
"""The names of files that a spec could include, relative to it."""


def no_files() -> Iterable[str]:
    """Of a spec that stands alone."""
    return ()


def complete(study: Study, offset: int, files: Files = no_files) -> tuple[Item, ...]:
    """Return what may be written at an offset, without regard to the word that was begun."""
    place = place_at(study.source.text, offset)
    found = {item.label: item for item in reversed(list(_items(study, place, files)))}
    if _BEFORE_EQUALS.match(study.source.text, offset):  # a key is being replaced
        found = {n: replace(i, insert=n.rstrip("=")) for n, i in found.items() if n.endswith("=")}
    made = (replace(i, start=place.start, insert=i.insert or i.label) for i in found.values())
    return tuple(sorted(made, key=lambda item: (item.rank, item.label)))


def _items(study: Study, place: Place, files: Files) -> Iterator[Item]:
    match place.where:
        case Where.STATEMENT:
            yield from _statements()
            yield from _defined(study, place, (Role.STAGE,))
        case Where.STAGE:
            yield from _stages(study, place)
        case Where.ARGUMENT:
            yield from _arguments(study, place)
        case Where.VALUE:
            yield from _values(study, place)
        case Where.CHOICE:
            yield from _choices(study, place)
        case Where.STAGE_NAME:
            yield from _defined(study, place, (Role.STAGE,))
        case Where.EXPRESSION:
            yield from _numbers(study, place)
        case Where.FORMULA:
            yield from _formula(study, place)
        case Where.SHAPE:
            yield from _shape(study, place)
        case Where.WORD:
            yield from (Item(word, "option") for word in WORDS[place.owner])
        case Where.FILE:
            yield from (Item(name, "file") for name in files())
        case Where.CODES:
            yield from (Item(c.id, "option", c.title) for c in CODES.values())


def _statements() -> Iterator[Item]:
    for word, said in SAYS.items():
        if word not in ("use", "as", "on", "id"):
            yield Item(word, "statement", said, entry_text(entries("statement")[word]), rank=1)


def _stages(study: Study, place: Place) -> Iterator[Item]:
    """Yield what may stand behind an arrow, or at the beginning of a branch."""
    if place.beginning:
        yield from _defined(study, place, (Role.STAGE,), rank=1)
        yield Item("input", "statement", SAYS["input"], rank=2)
    if not place.fed:
        return
    shape = _incoming(study, place)
    fits = fitting(shape) if shape else frozenset(LAYERS)
    for name in proper("layer"):
        kind = LAYERS[name]
        if place.forked != kind.is_merge or name in ("input", "id") or name not in fits:
            continue
        if not kind.is_activation:
            entry = entries("layer")[name]
            yield Item(kind.word, "layer", entry.summary, entry_text(entry), rank=3)
    if not place.forked:
        yield from _activations(4)
    yield from _defined(study, place, (Role.BLOCK, Role.FN), rank=3)
    yield from _own_params(place)
    if not place.forked:
        yield Item("use", "statement", SAYS["use"], rank=5)


def _incoming(study: Study, place: Place) -> str:
    """Return the shape that comes in, if it is known in full and the same for all copies."""
    fact = study.stages.ending_at(place.incoming) if place.incoming is not None else None
    shapes = {copy.shape for copy in fact.copies} if fact else set()
    shape = shapes.pop() if len(shapes) == 1 else ""
    return "" if "?" in shape or "…" in shape or "/" in shape or "(" in shape else shape


def _arguments(study: Study, place: Place) -> Iterator[Item]:
    """Yield keys not given yet, words of positional arguments, numbers, activations, `as`."""
    if place.sort == "metric on":
        yield Item("on", "statement", SAYS["on"], rank=1)
        return
    owner = args_of(study, place)
    given = set(keys_of(place.given))
    for spec in owner.args:
        if spec.name not in given:
            text, label = argument_text(spec), f"{spec.name}="
            yield Item(label, "argument", spec.doc, text, rank=2 + (not spec.required))
    coming = next_positional(owner, place)
    if coming is not None:
        yield from _words(coming)
        yield from _numbers(study, place)
    if place.sort == "layer":
        yield from _behind_stage(study, place)
    elif place.sort == "loss":
        yield Item("on", "statement", SAYS["on"], rank=4)


def _behind_stage(study: Study, place: Place) -> Iterator[Item]:
    kind = LAYERS.get(place.owner)
    if place.called and not _is_block(study, place.owner):
        return
    if kind is None or kind.trailing is not Trailing.NO:
        yield from _activations(4)
        yield from _defined(study, place, (Role.FN,), rank=4)
    if place.called:  # a block may be given stages
        yield from _defined(study, place, (Role.BLOCK,), rank=4)
        for name, kind in LAYERS.items():
            if not kind.is_merge and not kind.is_activation and name != "input":
                entry = entries("layer")[name]
                yield Item(kind.word, "layer", entry.summary, entry_text(entry), rank=7)
    else:
        yield Item("as", "statement", SAYS["as"], rank=6)


def _activations(rank: int) -> Iterator[Item]:
    for kind in LAYERS.values():
        for name in (kind.name, *kind.implied) if kind.is_activation else ():
            entry = entries("layer")[name]
            yield Item(name, "activation", entry.summary, entry_text(entry), rank=rank)


def _is_block(study: Study, name: str) -> bool:
    return any(d.role is Role.BLOCK and d.name == name for d in study.names.definitions)


def _values(study: Study, place: Place) -> Iterator[Item]:
    """Yield what the argument of a key takes."""
    spec = args_of(study, place).spec(place.key)
    if spec is None:
        yield from _numbers(study, place)
    elif isinstance(spec.type, LayerName | ValueName):
        yield from _defined(study, place, (Role.STAGE,))
    else:
        yield from _words(spec)
        if not isinstance(spec.type, Option | Flag | Init):
            yield from _numbers(study, place)
        elif not isinstance(spec.type, Init):
            yield from _own_params(place)


def _words(spec: ArgSpec) -> Iterator[Item]:
    match spec.type:
        case Flag():
            yield from (Item(word, "option", spec.doc, rank=1) for word in ("true", "false"))
        case Init():
            for name in proper("init"):
                entry = entries("init")[name]
                yield Item(name, "option", entry.summary, entry_text(entry), rank=1)
        case type:
            words: tuple[str, ...] = getattr(type, "words", ())
            yield from (Item(word, "option", spec.doc, rank=1) for word in words)


def _choices(study: Study, place: Place) -> Iterator[Item]:
    for name in proper(place.sort):
        entry = entries(place.sort)[name]
        yield Item(name, place.sort, entry.summary, entry_text(entry), rank=1)
    if place.sort == "loss":
        yield from _defined(study, place, (Role.FN,), rank=2)


def _numbers(study: Study, place: Place) -> Iterator[Item]:
    yield from _own_params(place)
    yield from _defined(study, place, (Role.LET, Role.PARAMETER), rank=4)


def _formula(study: Study, place: Place) -> Iterator[Item]:
    yield from _own_params(place)
    yield from _defined(study, place, (Role.LET, Role.FN), rank=4)
    yield from (Item(name, "function", rank=3) for name in FUNCTIONS)


def _shape(study: Study, place: Place) -> Iterator[Item]:
    words = {token.text for token in place.given}
    if words:
        docs: Mapping[str, str] = {"int": "whole numbers: ids", "ragged": "rows of any length"}
        yield from (Item(w, "option", doc) for w, doc in docs.items() if w not in words)
        yield Item("as", "statement", SAYS["as"], rank=6)
    else:
        yield from _defined(study, place, (Role.DIMENSION,))
        yield from _numbers(study, place)


def _own_params(place: Place) -> Iterator[Item]:
    """Yield the parameters of the definition around, which may be too broken to be in the tree."""
    yield from (Item(name, "parameter", "parameter", rank=2) for name in place.params)


def _defined(study: Study, place: Place, roles: tuple[Role, ...], rank: int = 2) -> Iterator[Item]:
    for definition in study.names.visible(study.source, place.start):
        if definition.role in roles and not _defines_here(definition, study, place):
            text = definition_text(definition, study)
            yield Item(definition.name, definition.role.value, text, rank=rank)


def _defines_here(definition: Definition, study: Study, place: Place) -> bool:
    """Return whether the place is inside of the definition of a name, where it cannot be used."""
    whole, own = definition.whole, definition.role in (Role.LET, Role.BLOCK, Role.FN)
    if not own or whole.source is not study.source or place.start < whole.start:
        return False
    behind = study.source.text[whole.stop : place.start]
    return place.start <= whole.stop or not behind.strip(" \t")
