"""`nnc summary`: layers, shapes, parameters, operations, memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from ..ir.bounds import DEFAULT_BATCH, MAX_WHOLE
from .app import app
from .memory_option import memory_option
from .report_format import format_option
from .spec import checked_graph, read_spec, spec_argument, spec_text
from .tables import plain_table
from .terminal import ReportFormat, console, on_terminal
from .values import Whole

if TYPE_CHECKING:
    from rich.table import Table

    from ..report.summary import Summary

PLAIN_WIDTH = 160
"""Columns of a table that is not written to a terminal."""

MANY_ROWS = 300
"""Longer tables are printed without rich."""

TITLES = ("layer", "stage", "output", "parameters", "FLOPs", "activations")
WORDS = frozenset({0, 1, 2})
"""The columns of left-aligned words; the others are numbers."""


@app.command()
@spec_argument
@spec_text
@click.option(
    "--batch",
    metavar="ROWS",
    type=Whole(1, MAX_WHOLE),
    help=f"Batch size for the memory; default: the spec's, else {DEFAULT_BATCH}.",
)
@format_option
@memory_option
def summary(
    spec: str | None, code: str | None, batch: int | None, format_: ReportFormat, max_memory: int
) -> None:
    """Show each layer's shape, parameters, operations and memory, and the totals.

    Examples:

      nnc summary digits.nn

      nnc summary --batch 128 --format json digits.nn
    """
    from ..ir.sizes import batch_size
    from ..report.summary import as_json, summarise

    typed = checked_graph(read_spec(spec, code), max_memory)
    result = summarise(typed, batch or batch_size(typed.graph))
    if format_ is ReportFormat.JSON:
        import json

        click.echo(json.dumps(as_json(result), indent=2))
    else:
        _print(result)


def _print(result: Summary) -> None:
    from ..report.summary import COUNTED

    out = console(sys.stdout)
    if not on_terminal(sys.stdout):
        out.width = PLAIN_WIDTH
    if len(result.rows) > MANY_ROWS:
        sys.stdout.writelines(plain_table(TITLES, _cells(result), WORDS))
        out.print()
    else:
        out.print(_table(result), soft_wrap=False)
    for line in _totals(result):
        out.print(line)
    for line in COUNTED:
        out.print(line, style="dim")


def _table(result: Summary) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for i, title in enumerate(TITLES):
        table.add_column(title, overflow="fold", justify="left" if i in WORDS else "right")
    for cells in _cells(result):
        table.add_row(*map(Text, cells))
    return table


def _cells(result: Summary) -> Iterator[tuple[str, ...]]:
    from ..ir.lists import shape_text
    from ..report.wording import grouped, size_text

    for row in result.rows:
        parameters = f"({row.shares})" if row.shares else _counted(row.parameters, row.frozen)
        memory = size_text(row.activation_bytes * result.batch)
        output = shape_text(str(row.output))
        yield row.name, row.text, output, parameters, grouped(row.flops), memory


def _counted(parameters: int, frozen: int) -> str:
    """Return the number of parameters as text, with the number of frozen ones if there are any."""
    from ..report.wording import grouped

    if not frozen:
        return grouped(parameters)
    some = "" if frozen == parameters else f"{grouped(frozen)} "
    return f"{grouped(parameters)}, {some}frozen"


def _totals(result: Summary) -> list[str]:
    from ..report.wording import grouped, size_text

    lines = [
        f"parameters   {_counted(result.parameters, result.frozen)} "
        f"({size_text(result.parameter_bytes)} in {result.dtype})",
        f"gradients    {size_text(result.gradient_bytes)}",
        f"activations  {size_text(result.activation_bytes)} for a batch of {result.batch}",
        f"FLOPs        {grouped(result.flops)} for a row",
    ]
    if result.training is not None:
        held = result.training
        parts = (
            (held.parameters, "parameters"),
            (held.gradients, "gradients"),
            (held.optimizer, "optimizer"),
            (held.kept, "kept for backward"),
            (held.work, "shared by other values"),
            (held.passing, "passing"),
        )
        said = ", ".join(f"{size_text(size)} {what}" for size, what in parts if size)
        lines.append(f"training     {size_text(held.total)}: {said}")
    return lines
