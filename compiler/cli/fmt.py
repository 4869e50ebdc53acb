"""`nnc fmt`: formatting of specs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path

import click
from click.exceptions import Exit
from nnc.runtime.durable import write_text

from ..diagnostics.model import Diagnostic, Report
from ..source import Source
from . import terminal
from .app import Argument, app
from .files import STDIN, SpecFiles, UnreadableSpec
from .folders import found_in
from .values import File


@app.command()
@click.argument(
    "specs",
    cls=Argument,
    nargs=-1,
    required=True,
    metavar="SPEC...",
    type=File("the name of a .nn file or of a folder"),
    help="The .nn files, or folders of them; `-` formats standard input to standard output.",
)
@click.option("--check", is_flag=True, help="Write nothing; fail if a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(specs: tuple[str, ...], check: bool, diff: bool) -> None:
    """Rewrite specs in their canonical form; the meaning and all comments are kept.

    In a folder, format every .nn file except those that git ignores and those in hidden folders.
    Files with syntax errors are left as they are.

    Exit codes: 0 done, 1 syntax errors (with --check also files that would change),
    2 wrong use, 101 a fault of nnc itself.

    Examples:

      nnc fmt digits.nn

      nnc fmt --check --diff models/*.nn

      echo 'input 784->dense 10' | nnc fmt -
    """
    fine = [_format(name, check, diff) for name in found_in(specs)]
    raise Exit(terminal.OK if all(fine) else terminal.FAILED)


def _format(name: str, check: bool, diff: bool) -> bool:
    """Format one file; return whether it has no errors and, under --check, no changes."""
    from ..format import format_source

    try:
        source = SpecFiles().open(name)
    except UnreadableSpec as error:
        return _refused([error.diagnostic])
    report = Report()
    formatted = format_source(source, report)
    if formatted is None:
        return _refused(report)
    changed = formatted != source.text or _has_mark(name)
    if diff and changed:
        sys.stdout.writelines(_difference(source, formatted))
    if check:
        if changed:
            click.echo(f"would reformat {source.name}", err=True)
        return not changed
    if diff:
        return True
    if name == STDIN:
        sys.stdout.write(formatted)
        return True
    return not changed or _written(name, formatted)


def _written(name: str, formatted: str) -> bool:
    try:
        write_text(Path(name), formatted)
    except OSError as error:
        click.echo(f"error: cannot write {name}: {error.strerror or error}", err=True)
        return False
    click.echo(f"reformatted {name}", err=True)
    return True


def _refused(findings: Report | list[Diagnostic]) -> bool:
    terminal.show(findings, terminal.Format.TEXT, sys.stderr)
    return False


def _has_mark(name: str) -> bool:
    """Return whether a file begins with a byte order mark, which reading removes."""
    if name == STDIN:
        return False
    with open(name, "rb") as file:
        return file.read(3) == b"\xef\xbb\xbf"


def _difference(source: Source, formatted: str) -> Iterator[str]:
    before = source.text.splitlines(keepends=True)
    for line in unified_diff(before, formatted.splitlines(keepends=True), source.name, source.name):
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
