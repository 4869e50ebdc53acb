"""`nnc lint`: everything that can be said of a spec without building it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from ..diagnostics.model import Diagnostic
from . import terminal
from .app import app
from .files import SpecFiles, UnreadableSpec
from .terminal import Format


@app.command()
def lint(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC", help="The .nn files; `-` reads standard input."),
    ],
    format: Annotated[Format, typer.Option(help="How to print the findings.")] = Format.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings, too.")] = False,
) -> None:
    """Check specs: syntax, names, arguments, shapes.

    Exit codes: 0 without errors, 1 with errors (with --strict also warnings), 2 wrong use.

    Examples:

      nnc lint digits.nn

      nnc lint --strict --format concise models/*.nn

      echo 'input 784 -> dens 10' | nnc lint -
    """
    found: list[Diagnostic] = []
    for name in specs:
        of_this = list(_findings(name))
        found += of_this
        if format is not Format.JSON:
            terminal.show(of_this, format, sys.stdout)
    if format is Format.JSON:
        terminal.show(found, format, sys.stdout)
    if terminal.failed(found, strict):
        raise typer.Exit(terminal.FAILED)


def _findings(name: str) -> Iterator[Diagnostic]:
    from ..driver import check

    files = SpecFiles()
    try:
        source = files.open(name)
    except UnreadableSpec as error:
        yield error.diagnostic
    else:
        yield from check(source, files.load).report
