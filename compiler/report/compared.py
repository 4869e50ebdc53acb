"""A comparison of two networks as text for a terminal, and as Markdown for a review comment."""

from __future__ import annotations

from collections.abc import Iterator

from ..ir.lists import shape_text
from .compare import Change, Comparison, Kept, Pair, Total
from .summary import Row
from .wording import amount_text, grouped

MARKS = {Change.ADDED: "+", Change.REMOVED: "-", Change.CHANGED: "~", Change.AFFECTED: " "}
NOTHING = "no difference: the same network and the same settings"


def text_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the lines for a terminal; only what differs is shown."""
    if not comparison.differs:
        yield NOTHING
        return
    moved = [pair for pair in comparison.pairs if pair.change is not Change.SAME]
    for pair in moved:
        yield from _pair_lines(pair)
    yield from (f"- {line}" for line in comparison.removed)
    yield from (f"+ {line}" for line in comparison.added)
    yield ""
    width = max(len(total.name) for total in comparison.totals)
    for total in comparison.totals:
        if total.old or total.new:
            yield f"{total.name.ljust(width)}  {_movement(total)}"
    yield _kept_text(comparison.kept)
    yield f"memory is that of the NumPy module at -O1 with a batch of {comparison.batch}"


def markdown_lines(comparison: Comparison) -> Iterator[str]:
    """Yield the lines of a comment on a pull request."""
    if not comparison.differs:
        yield NOTHING
        return
    moved = [pair for pair in comparison.pairs if pair.change is not Change.SAME]
    if moved:
        yield "| | stage | out | parameters | FLOPs |"
        yield "|---|---|---|---:|---:|"
        yield from map(_pair_row, moved)
        yield ""
    if comparison.removed or comparison.added:
        yield "```diff"
        yield from (f"- {line}" for line in comparison.removed)
        yield from (f"+ {line}" for line in comparison.added)
        yield "```"
        yield ""
    yield "| | before | after | change |"
    yield "|---|---:|---:|---:|"
    for total in comparison.totals:
        if total.old or total.new:
            yield f"| {total.name} | {_amount(total, 0)} | {_amount(total, 1)} | {_share(total)} |"
    yield ""
    yield _kept_text(comparison.kept)
    yield ""
    yield f"Memory is that of the NumPy module at -O1 with a batch of {comparison.batch}."


def _pair_lines(pair: Pair) -> Iterator[str]:
    mark = MARKS[pair.change]
    was, now = pair.sides
    line = f"{mark} {_moved(was.name, now.name)}: {_moved(was.text, now.text)}"
    if pair.change in (Change.ADDED, Change.REMOVED):
        yield f"{line}    {_facts(now)}"
        return
    yield line
    for name, before, after in _details(was, now):
        yield f"      {name} {_moved(before, after)}"


def _facts(row: Row) -> str:
    return f"-> {shape_text(str(row.output))}, {grouped(row.parameters)} parameters"


def _details(old: Row, new: Row) -> Iterator[tuple[str, str, str]]:
    """Yield what differs of a stage, as texts."""
    columns = (
        ("out", shape_text(str(old.output)), shape_text(str(new.output))),
        ("parameters", grouped(old.parameters), grouped(new.parameters)),
        ("frozen", grouped(old.frozen), grouped(new.frozen)),
        ("FLOPs of a row", grouped(old.flops), grouped(new.flops)),
    )
    yield from ((name, was, now) for name, was, now in columns if was != now)


def _pair_row(pair: Pair) -> str:
    was, now = pair.sides
    cells = (
        MARKS[pair.change].strip() or "·",
        f"{_moved(was.name, now.name)}: {_code(was.text, now.text)}",
        _moved(shape_text(str(was.output)), shape_text(str(now.output))),
        _moved(grouped(was.parameters), grouped(now.parameters)),
        _moved(grouped(was.flops), grouped(now.flops)),
    )
    return f"| {' | '.join(cells)} |"


def _code(old: str, new: str) -> str:
    return _moved(f"`{old}`", f"`{new}`").replace("|", "\\|")


def _moved(old: str, new: str) -> str:
    return old if old == new else f"{old} → {new}"


def _movement(total: Total) -> str:
    if not total.differs:
        return _amount(total, 0)
    return f"{_amount(total, 0)} → {_amount(total, 1)}  ({_share(total)})"


def _amount(total: Total, which: int) -> str:
    size = (total.old, total.new)[which]
    return amount_text(size) if total.unit == "bytes" else grouped(size)


def _share(total: Total) -> str:
    """Return the change, and its share of the old value where both are numbers."""
    old, new = total.old, total.new
    if not total.differs:
        return "unchanged"
    if not isinstance(old, int) or not isinstance(new, int):
        return "changed"
    sign = "+" if new > old else "−"
    amount = amount_text(abs(new - old)) if total.unit == "bytes" else grouped(abs(new - old))
    return f"{sign}{amount}" + (f", {sign}{100 * abs(new - old) / old:.1f} %" if old else "")


def _kept_text(kept: Kept) -> str:
    if kept.loads:
        return f"weights trained before still load: all {kept.old} arrays keep name and shape"
    return (
        f"weights trained before do not load: {kept.arrays} of {kept.old} arrays "
        f"keep name and shape, and {kept.new} are needed"
    )
