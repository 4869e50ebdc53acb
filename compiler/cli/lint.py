"""`nnc lint`: all checks of a spec that need no compilation."""

from __future__ import annotations

import click
from click.exceptions import Exit

from .app import Argument, app
from .check import lint_files
from .folders import found_in
from .memory_option import memory_option
from .terminal import Format
from .values import File, Word


@app.command()
@click.argument(
    "specs",
    cls=Argument,
    nargs=-1,
    required=True,
    metavar="SPEC...",
    type=File("the name of a .nn file or of a folder"),
    help="The .nn files, or folders of them; `-` reads standard input.",
)
@click.option(
    "--format",
    metavar="|".join(Format),
    type=Word(Format),
    default=Format.TEXT,
    show_default=True,
    help="How to print the findings.",
)
@click.option("--strict", is_flag=True, help="Also fail on warnings.")
@click.option("--fix", is_flag=True, help="Apply the safe fixes; with `-`, print the result.")
@memory_option
def lint(specs: tuple[str, ...], format: Format, strict: bool, fix: bool, max_memory: int) -> None:
    """Check specs: syntax, names, arguments, shapes, memory.

    In a folder, check every .nn file except those that git ignores and those in hidden folders.

    A comment `# nnc: ignore[NN141]` silences warnings of that code on its line.

    Exit codes: 0 without errors, 1 with errors (with --strict also warnings),
    2 wrong use, 101 a fault of nnc itself.

    Examples:

      nnc lint digits.nn

      nnc lint --strict --format concise models/*.nn

      nnc lint --fix digits.nn

      nnc lint .

      echo 'input 784 -> dens 10' | nnc lint -
    """
    if fix:
        from .fix import fix_files

        raise Exit(fix_files(found_in(specs), format, strict, max_memory))
    raise Exit(lint_files(found_in(specs), format, strict, max_memory))
