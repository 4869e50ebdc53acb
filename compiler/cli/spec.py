"""The arguments that name a spec, and the front end that all commands share."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import NoReturn

import click
from click.exceptions import Exit

from ..ir.layer_graph import TypedGraph
from ..source import Source
from . import terminal
from .app import Argument, Usage
from .files import SpecFiles, UnreadableSpec
from .values import File, Text

UNNAMED = "model.nn"
"""The file name of a spec from standard input or from the command line, also in modules."""

spec_argument = click.argument(
    "spec",
    cls=Argument,
    required=False,
    metavar="[SPEC]",
    type=File("the name of a .nn file"),
    help="A .nn file; `-` reads standard input.",
)
spec_text = click.option(
    "--code",
    "-c",
    metavar="TEXT",
    type=Text("a spec, such as 'input 4 -> dense 3'"),
    help="The spec itself, instead of a file.",
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec that was read, and the files that it came from and may include."""

    source: Source
    files: SpecFiles


def read_spec(path: str | None, code: str | None) -> Spec:
    """Read the spec that the arguments name; print the finding and exit if it cannot be read."""
    if (path is None) == (code is None):
        raise Usage("give either a SPEC file or the spec's text with -c")
    files = SpecFiles()
    if code is not None:
        return Spec(Source(UNNAMED, code), files)
    try:
        return Spec(files.open(str(path), UNNAMED), files)
    except UnreadableSpec as error:
        terminal.show([error.diagnostic], terminal.Format.TEXT, sys.stderr)
        raise Exit(terminal.FAILED) from None


def checked_graph(spec: Spec, max_memory: int) -> TypedGraph:
    """Return the typed layer graph of a spec; print its findings, and exit if there are errors."""
    from ..driver import check

    checked = check(spec.source, spec.files.load, max_memory)
    if checked.report.has_errors:
        terminal.show_on_stderr(checked.report)
        raise Exit(terminal.FAILED)
    if checked.graph is None:
        refuse_library(spec.source)
    return checked.graph


def refuse_library(source: Source) -> NoReturn:
    """Report that a file of lets and blocks has nothing to build, and exit."""
    click.echo(f"{source.name}: a library of lets and blocks; there is no chain to build", err=True)
    raise Exit(terminal.FAILED)
