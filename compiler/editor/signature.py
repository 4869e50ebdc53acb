"""The arguments of what is being written, and which of them comes next."""

from __future__ import annotations

from dataclasses import dataclass

from .context import Place, Where, place_at
from .owners import args_of, next_positional
from .study import Study
from .texts import argument_text
from .vocabulary import Entry


@dataclass(frozen=True, slots=True)
class Signature:
    """A head such as `dense units tie= in=`: each argument's range in it, and what it means."""

    label: str
    summary: str
    ranges: tuple[tuple[int, int], ...]
    texts: tuple[str, ...]
    active: int | None


def signature(study: Study, offset: int) -> Signature | None:
    """Return the signature of the stage, call or setting whose arguments stand at an offset."""
    place = place_at(study.source.text, offset)
    if place.where not in (Where.ARGUMENT, Where.VALUE) or not place.owner:
        return None
    entry = args_of(study, place)
    if not entry.args:
        return None
    label, ranges = place.owner, []
    separator, opening, closing = (", ", "(", ")") if place.called else (" ", " ", "")
    label += opening
    for i, spec in enumerate(entry.args):
        label += separator if i else ""
        start = len(label)
        label += spec.name if spec.positional else f"{spec.name}="
        ranges.append((start, len(label)))
    active = _active(place, entry)
    texts = tuple(argument_text(spec) for spec in entry.args)
    return Signature(label + closing, entry.summary, tuple(ranges), texts, active)


def _active(place: Place, entry: Entry) -> int | None:
    """Return the index of the argument that is being written, or that comes next."""
    spec = next_positional(entry, place)
    name = place.key if place.where is Where.VALUE else spec.name if spec else ""
    return next((i for i, spec in enumerate(entry.args) if spec.name == name), None)
