"""Selection of a table's input and target columns, by name or else by position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import accumulate

from ..dataset import DataError
from ..ports import Port
from .frame import Kind, Table
from .header import Layout


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns of each input and target, from 0, in the order in which the model takes them."""

    inputs: tuple[tuple[int, ...], ...]
    targets: tuple[tuple[int, ...], ...]
    weights: int | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """The columns that the user named; None leaves the choice to nnc."""

    target: str | None = None
    features: str | None = None
    weights: str | None = None


def choose(
    table: Table, inputs: Sequence[Port], targets: Sequence[Port], named: Named = Named()
) -> Choice:
    """Choose the input and target columns of a table.

    Unless they are named, the targets are the last columns. Columns are named by column name or by
    number from 1, separated by commas. All other columns are inputs, unless inputs are named."""
    layout = table.layout
    weights = None if named.weights is None else column_named(layout, named.weights)
    free = [i for i in range(layout.width) if i != weights]
    wanted = None if named.target is None else _listed(layout, named.target)
    chosen = None if named.features is None else _listed(layout, named.features)
    _refuse_twice(layout, [*(wanted or ()), *(chosen or ())], weights)
    if wanted is None:
        rest = free if chosen is None else [i for i in free if i not in chosen]
        count = _count_of_targets(table, rest, chosen, inputs, targets)
        wanted = tuple(rest[len(rest) - count :])
    if chosen is None:
        chosen = tuple(i for i in free if i not in wanted)
    parted = _part(table, chosen, inputs, bool(wanted))
    return Choice(parted, _part_targets(layout, wanted, targets), weights)


def _listed(layout: Layout, names: str) -> tuple[int, ...]:
    return tuple(column_named(layout, name.strip()) for name in names.split(","))


def _refuse_twice(layout: Layout, places: Sequence[int], weights: int | None) -> None:
    every = [*places, *([] if weights is None else [weights])]
    double = next((place for place in every if every.count(place) > 1), None)
    if double is not None:
        raise DataError(f"{layout.column(double)} is named twice; it can be one thing only")


def _count_of_targets(
    table: Table,
    rest: Sequence[int],
    chosen: Sequence[int] | None,
    inputs: Sequence[Port],
    targets: Sequence[Port],
) -> int:
    """Return how many of the last columns are targets: one for class ids, or one per output."""
    ways = target_counts(targets)
    if chosen is not None:
        return len(rest) if len(rest) in ways else min((1, *ways), default=0) if targets else 0
    if len(inputs) > 1:
        return ways[0]
    certain = rest[: max(0, len(rest) - ways[0])]
    widths = [_width(table, i, inputs) for i in certain]
    total = sum(port.width or 1 for port in inputs)
    for count in ways:
        if len(rest) - count >= 0 and sum(widths[: len(rest) - count]) == total:
            return count
    hint = _words_hint(table, certain, widths)
    raise DataError(_misfit(table.layout, len(rest), total, ways if targets else (), hint))


def target_counts(targets: Sequence[Port]) -> list[int]:
    """Return the numbers of target columns that a model can take."""
    if len(targets) == 1:
        return sorted({1, targets[0].width or 1})
    return [len(targets)]


def _misfit(layout: Layout, count: int, total: int, ways: Sequence[int], hint: str) -> str:
    listing = " or ".join(str(n) for n in ways)
    one = "; cells are parted by comma, semicolon or tab" if layout.width == 1 else ""
    return (
        f"{layout.path}: {columns_text(count)}, but the model reads {total} inputs"
        + (f" and {listing} target column(s)" if ways else " and no target")
        + hint
        + (one or index_hint(layout.header or ()))
    )


def _width(table: Table, place: int, inputs: Sequence[Port]) -> int:
    """Return how many numbers a column becomes: one, or one for each one-hot word."""
    ids = all(port.ids for port in inputs)
    column = table.column(place)
    return len(column.words) if column.kind is Kind.WORDS and not ids else 1


def _words_hint(table: Table, places: Sequence[int], widths: Sequence[int]) -> str:
    header = table.layout.header
    wide = [
        f"`{header[i]}` {n}" if header else f"column {i + 1} {n}"
        for i, n in zip(places, widths, strict=True)
        if n > 1
    ]
    if not wide:
        return ""
    shown = ", ".join(wide[:4]) + (f" and {len(wide) - 4} more" if len(wide) > 4 else "")
    return f"; words are an input each ({shown})"


def _part(
    table: Table, places: tuple[int, ...], inputs: Sequence[Port], beside: bool
) -> tuple[tuple[int, ...], ...]:
    """Return the columns of each input: by name prefix, or else by the input's width in order."""
    if len(inputs) == 1:
        _check_width(table, places, inputs[0], beside)
        return (places,)
    by_name = _by_name(table.layout, places, inputs)
    if by_name is not None:
        for port, own in zip(inputs, by_name, strict=True):
            _check_width(table, own, port, beside)
        return by_name
    return _in_order(table, places, inputs)


def _by_name(
    layout: Layout, places: Sequence[int], ports: Sequence[Port]
) -> tuple[tuple[int, ...], ...] | None:
    """Assign columns called NAME, NAME_… or NAME.… to ports; None unless all columns are."""
    header = layout.header or ("",) * layout.width
    parts = tuple(tuple(i for i in places if _belongs(header[i], port.name)) for port in ports)
    return parts if all(parts) and sorted(sum(parts, ())) == sorted(places) else None


def _belongs(column: str, name: str) -> bool:
    return column == name or column.startswith((f"{name}_", f"{name}."))


def _in_order(
    table: Table, places: Sequence[int], inputs: Sequence[Port]
) -> tuple[tuple[int, ...], ...]:
    parts, at = [], 0
    for port in inputs:
        begin, filled = at, 0
        while at < len(places) and filled < (port.width or 1):
            filled += _width(table, places[at], (port,))
            at += 1
        parts.append(tuple(places[begin:at]))
        _check_width(table, parts[-1], port, True)
    if at < len(places):
        left = table.layout.column(places[at])
        raise DataError(f"{left}: there is no input left for it; the model reads fewer columns")
    return tuple(parts)


def _check_width(table: Table, places: Sequence[int], port: Port, beside: bool) -> None:
    layout = table.layout
    kinds = {table.column(i).kind for i in places}
    if Kind.LISTS in kinds:
        if len(places) > 1:
            raise DataError(f"{layout.path}: `{port.name}` takes one column of lists and no other")
        return
    if port.width is None:
        sizes = ", ".join(map(str, port.shape[1:]))
        raise DataError(
            f"{layout.path}: a table cannot hold rows of ({sizes}) unless in a column of lists "
            "(Parquet, JSON lines); use .npz"
        )
    widths = [_width(table, i, (port,)) for i in places]
    if sum(widths) != port.width:
        raise DataError(
            f"{layout.path}: {columns_text(len(places))} left beside the target, the model reads "
            f"{port.width}{_words_hint(table, places, widths)}{index_hint(layout.header or ())}"
        )


def _part_targets(
    layout: Layout, places: tuple[int, ...], targets: Sequence[Port]
) -> tuple[tuple[int, ...], ...]:
    """Return the columns of each target: one for each target, or all for a single target."""
    if len(targets) <= 1:
        return (places,) if targets else ()
    by_name = _by_name(layout, places, targets)
    if by_name is not None:
        return by_name
    if len(places) == len(targets):
        return tuple((place,) for place in places)
    widths = [port.width or 1 for port in targets]
    if len(places) != sum(widths):
        names = ", ".join(port.name for port in targets)
        raise DataError(
            f"{layout.path}: {columns_text(len(places))} for the targets {names}; name one for each, "
            f"or {sum(widths)}"
        )
    ends = list(accumulate(widths))
    return tuple(places[end - n : end] for end, n in zip(ends, widths, strict=True))


def columns_text(count: int) -> str:
    """Return a number of columns in words."""
    return f"{count} column{'' if count == 1 else 's'}"


def index_hint(names: Sequence[str]) -> str:
    """Return a hint that an unnamed column is often the row index."""
    if "" not in names:
        return ""
    return (
        "; a column without name is often the index that pandas writes "
        "(`to_csv(..., index=False)` leaves it out)"
    )


def column_named(layout: Layout, name: str) -> int:
    """Return the position of the column with this name, or with this number from 1."""
    header, count = layout.header, layout.width
    if header and name in header:
        return header.index(name)
    if name.isdecimal() and 1 <= int(name) <= count:
        return int(name) - 1
    near = get_close_matches(name, header or (), 1, 0.6)
    meant = f", did you mean `{near[0]}`?" if near else ""
    known = f"the columns are {', '.join(header)}" if header else columns_text(count)
    raise DataError(f"{layout.path}: no column `{name}`{meant or f'; {known}'}")
