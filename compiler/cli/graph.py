"""`nnc graph`: the network as a picture or as data for other programs."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .app import app
from .memory_option import memory_option
from .output import check_output, deliver, output_option
from .spec import checked_graph, read_spec, spec_argument, spec_text
from .values import Word

if TYPE_CHECKING:
    from ..ir.layer_graph import TypedGraph


class Drawing(StrEnum):
    """The output format: a picture, the text of one, or data."""

    MERMAID = "mermaid"
    DOT = "dot"
    SVG = "svg"
    GRAPHML = "graphml"
    JSON = "json"


@app.command()
@spec_argument
@spec_text
@click.option(
    "--format",
    metavar="mermaid|dot|svg|graphml|json",
    type=Word(Drawing),
    default=Drawing.MERMAID,
    show_default=True,
    help="Text for Markdown or Graphviz, a picture, or data for other programs.",
)
@output_option
@memory_option
def graph(
    spec: str | None, code: str | None, format: Drawing, output: Path | None, max_memory: int
) -> None:
    """Draw the network: layers, parameters, and shapes on the arrows.

    Blocks and named groups are frames. GraphML and JSON list every layer with its
    attributes; networkx reads both.

    Examples:

      nnc graph digits.nn

      nnc graph --format svg digits.nn -o digits.svg

      nnc graph --format dot digits.nn | dot -Tpdf > digits.pdf
    """
    read = read_spec(spec, code)
    check_output(output, read.files)
    typed = checked_graph(read, max_memory)
    from ..source import printable

    title = typed.graph.model or printable(Path(read.source.name).stem)
    deliver(_drawn(typed, title, format), output, read.files)


def _drawn(typed: TypedGraph, title: str, format: Drawing) -> str:
    from ..report.picture import picture

    match format:
        case Drawing.SVG:
            from ..report.svg import svg

            return svg(picture(typed, title))
        case Drawing.DOT:
            from ..report.dot import dot

            return dot(picture(typed, title))
        case Drawing.JSON:
            from ..report.exchange import as_json

            return as_json(typed, title)
        case Drawing.GRAPHML:
            from ..report.exchange import as_graphml

            return as_graphml(typed, title)
        case Drawing.MERMAID:
            from ..report.mermaid import mermaid

            return mermaid(picture(typed, title))
