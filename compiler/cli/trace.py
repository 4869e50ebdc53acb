"""`nnc trace`: one line for each stage with the shapes before and after it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from . import terminal
from .app import app
from .memory_option import memory_option
from .report_format import format_option
from .spec import read_spec, refuse_library, spec_argument, spec_text
from .terminal import ReportFormat

if TYPE_CHECKING:
    from ..report.trace import Step

TITLES = ("line", "name", "in", "stage", "out", "parameters")
WORDS = frozenset({1, 2, 3, 4})


@app.command()
@spec_argument
@spec_text
@format_option
@memory_option
def trace(spec: str | None, code: str | None, format_: ReportFormat, max_memory: int) -> None:
    """Trace the shapes: for each stage what enters, the operation, what leaves, its parameters.

    A spec with errors is traced as well: shapes that are not known behind a fault are `?`, and
    the errors follow on standard error.

    Exit codes: 0 without errors, 1 with errors.

    Examples:

      nnc trace digits.nn

      nnc trace -c 'input 3x32x32 -> conv 16 3x3 -> maxpool 2 -> flatten -> dense 10'
    """
    from ..driver import Traced, check
    from ..report.trace import trace as traced

    read = read_spec(spec, code)
    found = Traced()
    checked = check(read.source, read.files.load, max_memory, found)
    if found.typed is not None:
        steps = traced(found.typed)
        _print(steps, format_)
    elif not checked.report.has_errors:
        refuse_library(read.source)
    if checked.report.has_errors:
        terminal.show_on_stderr(checked.report)
        raise Exit(terminal.FAILED)


def _print(steps: tuple[Step, ...], format: ReportFormat) -> None:
    if format is ReportFormat.JSON:
        import json

        from ..report.trace import as_json

        click.echo(json.dumps(as_json(steps), indent=2))
        return
    from .tables import plain_table

    sys.stdout.writelines(plain_table(TITLES, _cells(steps), WORDS))


def _cells(steps: tuple[Step, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the columns; the file stands before the line for stages of included files."""
    from ..report.wording import grouped

    own = steps[0].file if steps else ""
    for step in steps:
        place = str(step.line) if step.file == own else f"{step.file}:{step.line}"
        parameters = f"({step.shares})" if step.shares else grouped(step.parameters)
        yield place, step.name, ", ".join(step.inputs), step.text, step.output, parameters
