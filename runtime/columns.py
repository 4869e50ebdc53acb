"""Which columns of a table are inputs and which are the target: by name, else by place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from .dataset import DataError
from .header import Layout


@dataclass(frozen=True, slots=True)
class Choice:
    """The columns of inputs and target, from 0, in the order in which the model takes them."""

    inputs: tuple[int, ...]
    targets: tuple[int, ...]


def choose(layout: Layout, inputs: int, targets: Sequence[int], target: str | None) -> Choice:
    """The columns of a file by itself.

    The target columns are the last ones unless `target` names them: a column's name, or its
    number from 1; several with commas between. `inputs` is the number of columns that the
    model reads, `targets` the numbers of target columns it would take.
    """
    count = layout.width
    if target is None:
        _check_count(layout, inputs, targets)
        return Choice(tuple(range(inputs)), tuple(range(inputs, count)))
    wanted = tuple(_column(layout, name.strip()) for name in target.split(","))
    rest = tuple(i for i in range(count) if i not in wanted)
    if len(rest) != inputs:
        raise DataError(
            f"{layout.path}: {_columns(len(rest))} left beside the target, the model reads "
            f"{inputs}{_index_hint(layout.header or ())}"
        )
    return Choice(rest, wanted)


def match(
    layout: Layout, other: Layout, choice: Choice, tell: Callable[[str], None] = lambda _: None
) -> Choice:
    """The columns of a file that has those of another, whose columns are known.

    By name where both have names; columns that only one has are refused. Else by place, of
    which `tell` hears where only one has names.
    """
    if layout.header is not None and other.header is not None:
        _refuse_others(layout, layout.header, other, other.header)
        at, names = layout.header.index, other.header
        return Choice(
            tuple(at(names[i]) for i in choice.inputs), tuple(at(names[i]) for i in choice.targets)
        )
    if layout.width != other.width:
        raise DataError(
            f"{layout.path}: {_columns(layout.width)}, but {other.path} has {other.width}"
        )
    if layout.header != other.header:
        without, named = (layout, other) if layout.header is None else (other, layout)
        tell(
            f"{without.path} has no column names: its columns are taken to stand in the order "
            f"of {named.path}"
        )
    return choice


def _refuse_others(
    layout: Layout, header: Sequence[str], other: Layout, names: Sequence[str]
) -> None:
    missing = [name for name in names if name not in header]
    extra = [name for name in header if name not in names]
    if not missing and not extra:
        return
    parts = []
    if missing:
        parts.append(f"misses {_listing(missing)}")
    if extra:
        parts.append(f"has {_listing(extra)} besides")
    pairs = [(new, old) for new in extra for old in get_close_matches(new, missing, 1, 0.6)]
    renamed = "".join(f"; is `{new}` what is called `{old}` there?" for new, old in pairs[:3])
    raise DataError(
        f"{layout.path} {' and '.join(parts)}, compared with {other.path}{renamed}"
        f"{_index_hint(extra)}"
    )


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" if name else "a column without name" for name in names[:5])
    return shown + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _check_count(layout: Layout, inputs: int, targets: Sequence[int]) -> None:
    count = layout.width
    if count - inputs in (targets or (0,)):
        return
    ways = " or ".join(str(n) for n in sorted(set(targets)))
    one = "; cells are parted by comma, semicolon or tab" if count == 1 else ""
    raise DataError(
        f"{layout.path}: {_columns(count)}, but the model reads {inputs} inputs"
        + (f" and {ways} target column(s)" if targets else " and no target")
        + (one or _index_hint(layout.header or ()))
    )


def _columns(count: int) -> str:
    return f"{count} column{'' if count == 1 else 's'}"


def _index_hint(names: Sequence[str]) -> str:
    """What a column without a name most often is."""
    if "" not in names:
        return ""
    return (
        "; a column without name is often the index that pandas writes "
        "(`to_csv(..., index=False)` leaves it out)"
    )


def _column(layout: Layout, name: str) -> int:
    header, count = layout.header, layout.width
    if header and name in header:
        return header.index(name)
    if name.isdecimal() and 1 <= int(name) <= count:
        return int(name) - 1
    near = get_close_matches(name, header or (), 1, 0.6)
    meant = f", did you mean `{near[0]}`?" if near else ""
    known = f"the columns are {', '.join(header)}" if header else _columns(count)
    raise DataError(f"{layout.path}: no column `{name}`{meant or f'; {known}'}")
