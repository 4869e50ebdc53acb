"""Matching of an encoding's columns to another table: by name, or else by position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from difflib import get_close_matches

from ..dataset import DataError
from .columns import columns_text, index_hint
from .encoding import Encoding, Field, Part
from .frame import Table
from .header import Layout

Tell = Callable[[str], None]


def fields_in(table: Table, encoding: Encoding, need_target: bool, tell: Tell) -> Encoding:
    """Return the encoding with the positions of its columns in this table.

    Missing targets are dropped if they are not needed, missing weights always. Columns that the
    encoding does not know are ignored."""
    layout = table.layout
    if encoding.header and layout.header is not None:
        return _by_name(layout, layout.header, encoding, need_target)
    fields = [field for part in encoding.inputs for field in part.fields]
    if layout.width == encoding.width:
        _tell_of_order(layout, encoding, tell)
        return encoding
    if layout.width == len(fields) and not need_target:
        _tell_of_order(layout, encoding, tell)
        ranks = {place: i for i, place in enumerate(sorted(field.place for field in fields))}
        return replace(
            encoding,
            inputs=tuple(_moved(part, lambda f: ranks[f.place]) for part in encoding.inputs),
            targets=(),
            weights=None,
        )
    raise DataError(
        f"{layout.path}: {columns_text(layout.width)}, but {encoding.table} has {encoding.width}"
    )


def _tell_of_order(layout: Layout, encoding: Encoding, tell: Tell) -> None:
    named = layout.header is not None
    if named != encoding.header:
        here, there = str(layout.path), encoding.table
        without, other = (there, here) if named else (here, there)
        tell(
            f"{without} has no column names: its columns are taken to stand in the order of {other}"
        )


def _by_name(
    layout: Layout, header: Sequence[str], encoding: Encoding, need_target: bool
) -> Encoding:
    weights, targets = encoding.weights, encoding.targets
    if weights is not None and weights.name not in header and not need_target:
        weights = None
    asked = [field.name for part in targets for field in part.fields]
    if not need_target and any(name not in header for name in asked):
        targets = ()
    parts = (*encoding.inputs, *targets)
    wanted = [field.name for part in parts for field in part.fields]
    wanted += [] if weights is None else [weights.name]
    missing = [name for name in wanted if name not in header]
    if missing:
        known = {*wanted, *asked}
        _refuse(layout, missing, [n for n in header if n not in known], encoding.table)
    at = header.index
    return replace(
        encoding,
        inputs=tuple(_moved(part, lambda f: at(f.name)) for part in encoding.inputs),
        targets=tuple(_moved(part, lambda f: at(f.name)) for part in targets),
        weights=None if weights is None else replace(weights, place=at(weights.name)),
    )


def _moved(part: Part, place: Callable[[Field], int]) -> Part:
    return replace(part, fields=tuple(replace(f, place=place(f)) for f in part.fields))


def require_same_columns(layout: Layout, other: Layout) -> None:
    """Refuse a test table whose column names differ from those of the training table."""
    if layout.header is None or other.header is None:
        return
    missing = [name for name in other.header if name not in layout.header]
    extra = [name for name in layout.header if name not in other.header]
    if missing or extra:
        _refuse(layout, missing, extra, str(other.path))


def _refuse(layout: Layout, missing: Sequence[str], extra: Sequence[str], other: str) -> None:
    parts = []
    if missing:
        parts.append(f"misses {_listing(missing)}")
    if extra:
        parts.append(f"has {_listing(extra)} besides")
    pairs = [(new, old) for new in extra for old in get_close_matches(new, missing, 1, 0.6)]
    renamed = "".join(f"; is `{new}` what is called `{old}` there?" for new, old in pairs[:3])
    raise DataError(
        f"{layout.path} {' and '.join(parts)}, compared with {other}{renamed}{index_hint(extra)}"
    )


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" if name else "a column without name" for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")
