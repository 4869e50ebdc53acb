"""`nnc lint`: everything that can be said of a spec without building it."""

from __future__ import annotations

from typing import Annotated

import typer

from .app import app
from .check import lint_files
from .memory import DEFAULT, MemoryOption
from .terminal import Format


@app.command()
def lint(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC", help="The .nn files; `-` reads standard input."),
    ],
    format: Annotated[Format, typer.Option(help="How to print the findings.")] = Format.TEXT,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings, too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Make the safe fixes; `-` prints the result.")
    ] = False,
    max_memory: MemoryOption = DEFAULT,
) -> None:
    """Check specs: syntax, names, arguments, shapes, memory.

    A comment `# nnc: ignore[NN141]` silences warnings of that code on its line.

    Exit codes: 0 without errors, 1 with errors (with --strict also warnings),
    2 wrong use, 101 a fault of nnc itself.

    Examples:

      nnc lint digits.nn

      nnc lint --strict --format concise models/*.nn

      nnc lint --fix digits.nn

      echo 'input 784 -> dens 10' | nnc lint -
    """
    if fix:
        from .fix import fix_files

        raise typer.Exit(fix_files(specs, format, strict, max_memory))
    raise typer.Exit(lint_files(specs, format, strict, max_memory))
