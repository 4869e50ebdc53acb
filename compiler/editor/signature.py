"""The arguments of what is being written, and which of them comes next."""

from __future__ import annotations

from dataclasses import dataclass

from .context import Place, Where, keys_of, place_at, values_of
from .owners import args_of
from .study import Study
from .texts import argument_text


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
    names = [spec.name for spec in entry.args]
    active = _active(place, names, [spec.name for spec in entry.positionals])
    texts = tuple(argument_text(spec) for spec in entry.args)
    return Signature(label + closing, entry.summary, tuple(ranges), texts, active)


def _active(place: Place, names: list[str], positionals: list[str]) -> int | None:
    """Return the index of the argument that is being written, or that comes next."""
    if place.where is Where.VALUE:
        return names.index(place.key) if place.key in names else None
    keyed = set(keys_of(place.given))
    free = [name for name in positionals if name not in keyed]
    count = len(list(values_of(place.given)))
    return names.index(free[count]) if count < len(free) else None
