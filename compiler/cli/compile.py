"""`nnc compile`: from a spec to a module."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from . import terminal
from .app import app
from .files import SpecFiles, write_atomically
from .spec import Spec, SpecArgument, SpecText, read_spec, refuse_library

if TYPE_CHECKING:
    from ..driver import Compiled, Options


@app.command()
def compile(
    spec: SpecArgument = None,
    code: SpecText = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Where to write the module."),
    ] = None,
    level: Annotated[
        int,
        typer.Option("-O", min=0, max=1, metavar="LEVEL", help="-O0 to read, -O1 to run."),
    ] = 1,
    target: Annotated[str, typer.Option(metavar="NAME", help="What the module runs on.")] = "numpy",
    emit: Annotated[
        list[str] | None,
        typer.Option(metavar="FUNCTION", help="Another function to generate: input-gradient."),
    ] = None,
    dump_after: Annotated[
        str | None,
        typer.Option(metavar="PASS", help="Print the op graph as it is after a pass."),
    ] = None,
    no_format: Annotated[bool, typer.Option("--no-format", help="Do not run Black.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop on warnings, too.")] = False,
) -> None:
    """Compile a spec to one NumPy module. Without -o the module goes to standard output.

    Examples:

      nnc compile digits.nn -o digits.py

      nnc compile -O0 -c 'input 784 -> dense 30 sigmoid -> dense 10 softmax; loss crossentropy'

      cat digits.nn | nnc compile - > digits.py
    """
    from ..driver import Options

    read = read_spec(spec, code)
    if output is not None:
        _check_output(output, read.files)
    options = Options(level, target, tuple(emit or ()), dump_after, not no_format)
    compiled = compiled_spec(read, options)
    terminal.show_on_stderr(compiled.report)
    if terminal.failed(compiled.report, strict):
        raise typer.Exit(terminal.FAILED)
    if compiled.dump is not None:
        typer.echo(compiled.dump.rstrip("\n"))
    if output is not None:
        _write(output, compiled.code)
    elif compiled.dump is None:
        sys.stdout.write(compiled.code)


def compiled_spec(spec: Spec, options: Options) -> Compiled:
    """The compiled spec; prints the findings and exits if it has errors."""
    from ..diagnostics.model import SpecError
    from ..driver import compile_source

    try:
        return compile_source(spec.source, options, spec.files.load)
    except SpecError as error:
        if not error.report.has_errors:
            refuse_library(spec.source)
        terminal.show_on_stderr(error.report)
        raise typer.Exit(terminal.FAILED) from None


def _check_output(output: Path, files: SpecFiles) -> None:
    if files.contains(output):
        raise typer.BadParameter(f"{output} is the spec itself", param_hint="-o")
    if output.is_dir():
        raise typer.BadParameter(f"{output} is a folder", param_hint="-o")
    if not output.absolute().parent.is_dir():
        raise typer.BadParameter(f"there is no folder {output.parent}", param_hint="-o")


def _write(output: Path, text: str) -> None:
    try:
        write_atomically(output, text)
    except OSError as error:
        typer.echo(f"error: cannot write {output}: {error.strerror or error}", err=True)
        raise typer.Exit(terminal.FAILED) from None
