"""What a change of a spec does: to stages and shapes, parameters, operations, memory, settings.

Stages are aligned in order by their text, as a line diff aligns lines, so that a stage inserted in
front of others does not make all of these differ though their counted names move on. A stage whose
text changed is compared with the one of the same kind that stood in its place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from ..ir.dims import Dim
from ..ir.layer_graph import TypedGraph
from ..ir.lists import shape_text
from .statements import statements
from .summary import Row, Summary, plain_size, summarise

WHOLE_ROWS = 2_000
"""Longer networks are aligned without the search for the best match, which is quadratic."""


class Change(StrEnum):
    """What happened to a stage."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    AFFECTED = "affected"
    """Written as before; its shape or its parameters differ because of what is in front of it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A stage of the old network, or of the new, or of both."""

    change: Change
    old: Row | None
    new: Row | None

    @property
    def sides(self) -> tuple[Row, Row]:
        """The stage before and after; twice the same if it is in one of the networks only."""
        rows = [row for row in (self.old, self.new) if row is not None]
        return rows[0], rows[-1]


@dataclass(frozen=True, slots=True)
class Total:
    """A quantity of the whole network before and after; `unit` is `bytes` or what is counted."""

    name: str
    old: Dim
    new: Dim
    unit: str

    @property
    def differs(self) -> bool:
        """Whether the change moved it."""
        return self.old != self.new


@dataclass(frozen=True, slots=True)
class Kept:
    """How many parameter arrays keep name and shape, of how many old ones.

    Weights of the old network fit the new one if all of its arrays are among them.
    """

    arrays: int
    old: int
    new: int

    @property
    def loads(self) -> bool:
        """Whether a file with the weights of the old network loads into the new."""
        return self.arrays == self.old == self.new


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences; statements are those of the old and of the new spec alone."""

    pairs: tuple[Pair, ...]
    removed: tuple[str, ...]
    added: tuple[str, ...]
    totals: tuple[Total, ...]
    kept: Kept
    batch: int

    @property
    def differs(self) -> bool:
        """Whether there is any difference."""
        moved = any(pair.change is not Change.SAME for pair in self.pairs)
        return moved or bool(self.removed or self.added)


def compare(old: TypedGraph, new: TypedGraph, batch: int) -> Comparison:
    """Compare two networks; memory is that of a batch of this many rows."""
    before, after = summarise(old, batch), summarise(new, batch)
    pairs = tuple(_pairs(before.rows, after.rows))
    removed, added = _statements(old, new, pairs)
    return Comparison(
        pairs=pairs,
        removed=removed,
        added=added,
        totals=tuple(_totals(before, after)),
        kept=_kept(old, new),
        batch=batch,
    )


def _statements(
    old: TypedGraph, new: TypedGraph, pairs: Sequence[Pair]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the statements of one spec alone; the same stage under another number is no change."""
    moved = {p.new.name: p.old.name for p in pairs if p.old is not None and p.new is not None}
    was = statements(old, {})
    renamed, now = statements(new, moved), statements(new, {})
    added = [line for line, same in zip(now, renamed, strict=True) if same not in was]
    return tuple(line for line in was if line not in renamed), tuple(added)


def _pairs(old: Sequence[Row], new: Sequence[Row]) -> Iterator[Pair]:
    left, right = [_key(row) for row in old], [_key(row) for row in new]
    quick = max(len(old), len(new)) > WHOLE_ROWS
    for tag, a, b, c, d in SequenceMatcher(None, left, right, autojunk=quick).get_opcodes():
        if tag == "equal":
            yield from (_both(o, n) for o, n in zip(old[a:b], new[c:d], strict=True))
        else:
            yield from _replaced(old[a:b], new[c:d])


def _key(row: Row) -> tuple[str, str]:
    """Return what a stage is aligned by: its text, and its name if it was given one."""
    counted = row.name.rpartition(".")[2].rstrip("0123456789") == row.kind
    return row.text, "" if counted else row.name


def _replaced(old: Sequence[Row], new: Sequence[Row]) -> Iterator[Pair]:
    """Pair the stages of equal kind, in order; the others were removed or added."""
    kinds = SequenceMatcher(None, [r.kind for r in old], [r.kind for r in new], autojunk=False)
    for tag, a, b, c, d in kinds.get_opcodes():
        if tag == "equal":
            for was, now in zip(old[a:b], new[c:d], strict=True):
                yield Pair(Change.CHANGED, was, now)
        else:
            yield from (Pair(Change.REMOVED, row, None) for row in old[a:b])
            yield from (Pair(Change.ADDED, None, row) for row in new[c:d])


def _both(old: Row, new: Row) -> Pair:
    alike = (old.output, old.parameters, old.frozen, old.flops) == (
        new.output,
        new.parameters,
        new.frozen,
        new.flops,
    )
    return Pair(Change.SAME if alike else Change.AFFECTED, old, new)


def _totals(old: Summary, new: Summary) -> Iterator[Total]:
    yield Total("parameters", old.parameters, new.parameters, "parameters")
    yield Total("frozen parameters", old.frozen, new.frozen, "parameters")
    yield Total("FLOPs of a row", old.flops, new.flops, "FLOPs")
    yield Total("activations", old.activation_bytes, new.activation_bytes, "bytes")
    if old.training is not None and new.training is not None:
        yield Total("training step", old.training.total, new.training.total, "bytes")


def _kept(old: TypedGraph, new: TypedGraph) -> Kept:
    was, now = _arrays(old), _arrays(new)
    return Kept(len(was & now), len(was), len(now))


def _arrays(typed: TypedGraph) -> set[tuple[str, tuple[int, ...]]]:
    """Return name and shape of all arrays in a file of weights."""
    params = {(param.name, param.shape) for param in typed.params}
    return params | {(state.name, state.shape) for state in typed.states}


def as_json(comparison: Comparison) -> dict[str, object]:
    """Return the differences as plain values; a symbolic size is a string such as `2*T`."""
    kept = comparison.kept
    return {
        "differs": comparison.differs,
        "batch": comparison.batch,
        "stages": [
            {"change": pair.change.value, "old": _row(pair.old), "new": _row(pair.new)}
            for pair in comparison.pairs
            if pair.change is not Change.SAME
        ],
        "statements": {"removed": list(comparison.removed), "added": list(comparison.added)},
        "totals": {
            total.name: {
                "old": plain_size(total.old),
                "new": plain_size(total.new),
                "unit": total.unit,
            }
            for total in comparison.totals
        },
        "weights": {"kept": kept.arrays, "old": kept.old, "new": kept.new, "loads": kept.loads},
    }


def _row(row: Row | None) -> dict[str, object] | None:
    if row is None:
        return None
    return {
        "name": row.name,
        "stage": row.text,
        "out": shape_text(str(row.output)),
        "parameters": row.parameters,
        "flops_per_row": plain_size(row.flops),
    }
