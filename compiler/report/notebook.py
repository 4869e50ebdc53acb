"""A network as an HTML fragment for notebooks: its picture, and a table of its layers."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ..driver import check
from ..ir.layer_graph import TypedGraph
from ..ir.lists import shape_text
from ..ir.sizes import batch_size
from ..source import Source
from .picture import picture
from .summary import Row, summarise
from .svg import svg
from .wording import grouped, size_text

MANY_LAYERS = 200
"""Most layers for the picture and the table, which take too long for larger networks."""

_TITLES = ("layer", "stage", "output", "parameters", "FLOPs")
_CELL = "padding: 0.15em 0.8em; text-align: left"
_NUMBER = "padding: 0.15em 0.8em; text-align: right"


def network_html(spec: str, title: str) -> str:
    """Return the network of a spec without errors as HTML; all text from the spec is escaped.

    There are no scripts, and no external resources."""
    typed = check(Source("model.nn", spec)).graph
    return f"<pre>{escape(spec)}</pre>" if typed is None else _network(typed, title)


def _network(typed: TypedGraph, title: str) -> str:
    layers = len(typed.graph.layers)
    if layers > MANY_LAYERS:
        return f"<p>{escape(title)}: {grouped(layers)} layers, see <code>nnc summary</code></p>"
    drawing = svg(picture(typed, typed.graph.model or title))
    return (
        f'<div style="overflow-x: auto">{drawing}</div>\n'
        f'<table style="border-collapse: collapse">\n{"".join(_table(typed))}</table>'
    )


def _table(typed: TypedGraph) -> Iterator[str]:
    result = summarise(typed, batch_size(typed.graph))
    yield "<thead>" + _line(_TITLES, "th") + "</thead>\n<tbody>\n"
    yield from (_line(_cells(row), "td") for row in result.rows)
    total = f"{grouped(result.parameters)} ({size_text(result.parameter_bytes)})"
    yield _line(("total", "", "", total, grouped(result.flops)), "th") + "</tbody>\n"


def _cells(row: Row) -> tuple[str, ...]:
    parameters = f"({row.shares})" if row.shares else grouped(row.parameters)
    return row.name, row.text, shape_text(str(row.output)), parameters, grouped(row.flops)


def _line(cells: tuple[str, ...], tag: str) -> str:
    styles = (_CELL,) * 3 + (_NUMBER,) * 2
    inner = (
        f'<{tag} style="{style}">{escape(cell)}</{tag}>'
        for cell, style in zip(cells, styles, strict=True)
    )
    return f"<tr>{''.join(inner)}</tr>\n"
