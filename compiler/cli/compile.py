"""`nnc compile`: from a spec to a module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ..emitted import EMITTED, CannotEmit, check_emit
from . import terminal
from .app import app
from .memory import DEFAULT, MemoryOption
from .output import OutputOption, check_output, deliver
from .spec import Spec, SpecArgument, SpecText, read_spec, refuse_library

if TYPE_CHECKING:
    from ..driver import Compiled, Options


@app.command()
def compile(
    spec: SpecArgument = None,
    code: SpecText = None,
    output: OutputOption = None,
    level: Annotated[
        int,
        typer.Option("-O", min=0, max=1, metavar="LEVEL", help="-O0 to read, -O1 to run."),
    ] = 1,
    target: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What the module runs on: numpy, numba (-O0 is always plain NumPy).",
        ),
    ] = "numpy",
    emit: Annotated[
        list[str] | None,
        typer.Option(metavar="FUNCTION", help=f"A function besides: {', '.join(EMITTED)}."),
    ] = None,
    dump_after: Annotated[
        str | None,
        typer.Option(metavar="PASS", help="Print the op graph as it is after a pass."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="An optimisation to leave out of -O1 (see docs/passes.md)."
        ),
    ] = None,
    no_format: Annotated[bool, typer.Option("--no-format", help="Do not run Black.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop on warnings, too.")] = False,
    max_memory: MemoryOption = DEFAULT,
) -> None:
    """Compile a spec to one NumPy module. Without -o the module goes to standard output.

    Examples:

      nnc compile digits.nn -o digits.py

      nnc compile -O0 -c 'input 4 -> dense 3 softmax; loss crossentropy'

      cat digits.nn | nnc compile - > digits.py
    """
    from ..driver import Options

    options = Options(
        level,
        target,
        tuple(emit or ()),
        dump_after,
        not no_format,
        max_memory,
        tuple(without or ()),
    )
    _check_options(options)
    read = read_spec(spec, code)
    check_output(output, read.files)
    compiled = compiled_spec(read, options)
    terminal.show_on_stderr(compiled.report)
    if terminal.failed(compiled.report, strict):
        raise typer.Exit(terminal.FAILED)
    if compiled.dump is not None:
        typer.echo(compiled.dump.rstrip("\n"))
    if output is not None or compiled.dump is None:
        deliver(compiled.code, output, read.files)


def compiled_spec(spec: Spec, options: Options) -> Compiled:
    """The compiled spec; prints the findings and exits if it has errors."""
    from ..diagnostics.model import SpecError
    from ..driver import compile_source

    try:
        return compile_source(spec.source, options, spec.files.load)
    except CannotEmit as error:
        raise typer.BadParameter(str(error)) from None
    except SpecError as error:
        if not error.report.has_errors:
            refuse_library(spec.source)
        terminal.show_on_stderr(error.report)
        raise typer.Exit(terminal.FAILED) from None


def _check_options(options: Options) -> None:
    """Refuse levels, targets, functions and passes that there are not, naming those there are."""
    from pkgutil import iter_modules

    from nnc import templates

    from ..passes.pipeline import check_options

    targets = [module.name for module in iter_modules(templates.__path__)]
    try:
        check_options(options.level, options.dump_after, options.without)
        check_emit(options.emit)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if options.target not in targets:
        raise typer.BadParameter(f"no target '{options.target}': there is {', '.join(targets)}")
