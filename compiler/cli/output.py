"""Output of results: to standard output, or to a file, which is written atomically."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.exceptions import Exit
from nnc.runtime.durable import write_text

from . import terminal
from .app import Usage
from .files import SpecFiles
from .values import File

STDOUT = "-"
Decorated = TypeVar("Decorated", bound=Callable[..., Any])

output_option = click.option(
    "--output",
    "-o",
    metavar="FILE",
    type=File("the name of a file"),
    callback=lambda ctx, param, name: None if name in (None, STDOUT) else Path(name),
    help="File to write; default: standard output.",
)


def required_output(help: str) -> Callable[[Decorated], Decorated]:
    """Return the same option for what has no place on standard output."""
    kind = File("the name of a file")
    return click.option("--output", "-o", metavar="FILE", type=kind, required=True, help=help)


def check_output(output: Path | None, files: SpecFiles) -> None:
    """Refuse an unusable output path, before any work is done."""
    if output is None:
        return
    if files.contains(output):
        raise Usage(f"-o: {output} is a spec that is being read")
    if output.is_dir():
        raise Usage(f"-o: {output} is a folder")
    if not output.absolute().parent.is_dir():
        raise Usage(f"-o: there is no folder {output.parent}")


def deliver(text: str, output: Path | None, files: SpecFiles) -> None:
    """Write a result to the requested file, or to standard output."""
    if output is None:
        sys.stdout.write(text)
        return
    check_output(output, files)
    try:
        write_text(output, text)
    except OSError as error:
        click.echo(f"error: cannot write {output}: {error.strerror or error}", err=True)
        raise Exit(terminal.FAILED) from None
