"""`nnc lint`: all checks of a spec that need no compilation."""

from __future__ import annotations

import click
from click.exceptions import Exit

from .app import Argument, Usage, app
from .check import lint_files
from .files import STDIN
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
@click.option(
    "--watch", is_flag=True, help="Check again whenever a file changes, until Ctrl-C ends it."
)
@memory_option
def lint(
    specs: tuple[str, ...], format: Format, strict: bool, fix: bool, watch: bool, max_memory: int
) -> None:
    """Check specs: syntax, names, arguments, shapes, memory.

    In a folder, check every .nn file except those that git ignores and those in hidden folders.

    A comment `# nnc: ignore[NN141]` silences warnings of that code on its line.

    Exit codes: 0 without errors, 1 with errors (with --strict also warnings),
    2 wrong use, 101 a fault of nnc itself. With --watch, those of the last check.

    Examples:

      nnc lint digits.nn

      nnc lint --strict --format concise models/*.nn

      nnc lint --fix digits.nn

      nnc lint .

      nnc lint --watch models/

      echo 'input 784 -> dens 10' | nnc lint -
    """
    if watch:
        if fix or STDIN in specs:
            raise Usage(f"--watch cannot be used with {'--fix' if fix else 'standard input'}")
        from .watch import watch_files

        raise Exit(watch_files(specs, format, strict, max_memory))
    if fix:
        from .fix import fix_files

        raise Exit(fix_files(found_in(specs), format, strict, max_memory))
    raise Exit(lint_files(found_in(specs), format, strict, max_memory))
