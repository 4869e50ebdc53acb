"""`nnc graph`: a picture of the network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import click

from .app import app
from .memory_option import memory_option
from .output import check_output, deliver, output_option
from .spec import checked_graph, read_spec, spec_argument, spec_text
from .values import Word


class Drawing(StrEnum):
    """What the picture is made of."""

    MERMAID = "mermaid"
    SVG = "svg"


@app.command()
@spec_argument
@spec_text
@click.option(
    "--format",
    metavar="mermaid|svg",
    type=Word(Drawing),
    default=Drawing.MERMAID,
    show_default=True,
    help="Text for Markdown, or a picture.",
)
@output_option
@memory_option
def graph(
    spec: str | None, code: str | None, format: Drawing, output: Path | None, max_memory: int
) -> None:
    """Draw the network: layers, parameters, and shapes on the arrows.

    Examples:

      nnc graph digits.nn

      nnc graph --format svg digits.nn -o digits.svg
    """
    from ..report.picture import picture

    read = read_spec(spec, code)
    check_output(output, read.files)
    typed = checked_graph(read, max_memory)
    shown = picture(typed, typed.graph.model or Path(read.source.name).stem)
    if format is Drawing.SVG:
        from ..report.svg import svg as draw
    else:
        from ..report.mermaid import mermaid as draw
    deliver(draw(shown), output, read.files)
