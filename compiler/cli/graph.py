"""`nnc graph`: a picture of the network."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .app import app
from .memory import DEFAULT, MemoryOption
from .output import OutputOption, check_output, deliver
from .spec import SpecArgument, SpecText, checked_graph, read_spec


class Drawing(StrEnum):
    """What the picture is made of."""

    MERMAID = "mermaid"
    SVG = "svg"


@app.command()
def graph(
    spec: SpecArgument = None,
    code: SpecText = None,
    format: Annotated[
        Drawing, typer.Option(help="Text for Markdown, or a picture.")
    ] = Drawing.MERMAID,
    output: OutputOption = None,
    max_memory: MemoryOption = DEFAULT,
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
