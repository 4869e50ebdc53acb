"""`nnc diff`: what a change of a spec does to shapes, parameters, operations and memory."""

from __future__ import annotations

import sys
from enum import StrEnum

import click
from click.exceptions import Exit

from ..ir.bounds import MAX_WHOLE
from . import terminal
from .app import Argument, Usage, app
from .files import STDIN
from .memory_option import memory_option
from .spec import checked_graph, read_spec
from .values import File, Whole, Word


class DiffFormat(StrEnum):
    """The output format: for a terminal, for a review comment, for a program."""

    TEXT = "text"
    MARKDOWN = "markdown"
    JSON = "json"


_FILE = File("the name of a .nn file")


@app.command()
@click.argument("old", cls=Argument, metavar="OLD", type=_FILE, help="The spec before.")
@click.argument(
    "new", cls=Argument, metavar="NEW", type=_FILE, help="The spec after; one of both may be `-`."
)
@click.option(
    "--format",
    metavar="|".join(DiffFormat),
    type=Word(DiffFormat),
    default=DiffFormat.TEXT.value,
    show_default=True,
    help="Text, Markdown for a review comment, or JSON.",
)
@click.option(
    "--batch",
    metavar="ROWS",
    type=Whole(1, MAX_WHOLE),
    help="Batch size for the memory; default: that of NEW.",
)
@click.option("--exit-code", is_flag=True, help="End with 1 if the networks differ.")
@memory_option
def diff(
    old: str, new: str, format: DiffFormat, batch: int | None, exit_code: bool, max_memory: int
) -> None:
    """Compare two specs: changed stages, their shapes, parameters, FLOPs and memory.

    Says also whether weights that were trained with OLD still load into NEW. Comments, names of
    lets and layout make no difference.

    Exit codes: 0, with --exit-code 1 if the networks differ; 1 if a spec has errors.

    Examples:

      nnc diff old.nn new.nn

      git show main:model.nn | nnc diff --format markdown - model.nn
    """
    if old == new == STDIN:
        raise Usage("only one of OLD and NEW can be standard input")
    graphs = [checked_graph(read_spec(name, None), max_memory) for name in (old, new)]
    from ..ir.sizes import batch_size
    from ..report.compare import as_json, compare

    before, after = graphs
    found = compare(before, after, batch or batch_size(after.graph))
    if format is DiffFormat.JSON:
        import json

        click.echo(json.dumps(as_json(found), indent=2))
    else:
        from ..report.compared import markdown_lines, text_lines

        lines = text_lines if format is DiffFormat.TEXT else markdown_lines
        sys.stdout.writelines(line + "\n" for line in lines(found))
    if exit_code and found.differs:
        raise Exit(terminal.FAILED)
