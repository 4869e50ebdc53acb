"""`nnc lint`: everything that can be said of a spec without building it."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import app
from .check import lint_files
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

    Exit codes: 0 without errors, 1 with errors (with --strict also warnings),
    2 wrong use, 101 a fault of nnc itself.

    Examples:

      nnc lint digits.nn

      nnc lint --strict --format concise models/*.nn

      echo 'input 784 -> dens 10' | nnc lint -
    """
    raise typer.Exit(lint_files(specs, format, strict))
