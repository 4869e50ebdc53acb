"""Where results go: standard output, or a file that is never left half written."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from . import terminal
from .files import SpecFiles, write_atomically

OutputOption = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="Where to write; else standard output."),
]


def check_output(output: Path | None, files: SpecFiles) -> None:
    """Refuse a place that cannot be meant, before any work is done."""
    if output is None:
        return
    if files.contains(output):
        raise typer.BadParameter(f"{output} is a spec that is being read", param_hint="-o")
    if output.is_dir():
        raise typer.BadParameter(f"{output} is a folder", param_hint="-o")
    if not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}", param_hint="-o")


def deliver(text: str, output: Path | None, files: SpecFiles) -> None:
    """Write a result to the file asked for, or to standard output."""
    if output is None:
        sys.stdout.write(text)
        return
    check_output(output, files)
    try:
        write_atomically(output, text)
    except OSError as error:
        typer.echo(f"error: cannot write {output}: {error.strerror or error}", err=True)
        raise typer.Exit(terminal.FAILED) from None
