"""Tables on standard output without a frame: left-aligned words, right-aligned numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def plain_table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], words: frozenset[int]
) -> Iterator[str]:
    """Yield the lines of a table; `words` are the indices of the columns of text.

    Nothing is fitted to a width: rich takes a millisecond per row for that."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    yield _line(titles, widths, words)
    yield "─".join("─" * (width + 1) for width in widths) + "\n"
    for row in cells:
        yield _line(row, widths, words)


def _line(cells: Sequence[str], widths: Sequence[int], left: frozenset[int]) -> str:
    words = (
        cell.ljust(width) if i in left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join(words).rstrip() + "\n"
