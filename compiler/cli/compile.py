"""`nnc compile`: from a spec to a module."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from . import terminal
from .app import app
from .output import OutputOption, check_output, deliver
from .spec import Spec, SpecArgument, SpecText, read_spec, refuse_library

if TYPE_CHECKING:
    from ..driver import Compiled, Options


class Extra(StrEnum):
    """Functions that a module has only if asked for."""

    INPUT_GRADIENT = "input-gradient"


@app.command()
def compile(
    spec: SpecArgument = None,
    code: SpecText = None,
    output: OutputOption = None,
    level: Annotated[
        int,
        typer.Option("-O", min=0, max=1, metavar="LEVEL", help="-O0 to read, -O1 to run."),
    ] = 1,
    target: Annotated[str, typer.Option(metavar="NAME", help="What the module runs on.")] = "numpy",
    emit: Annotated[
        list[Extra] | None, typer.Option(help="Another function to generate; may be repeated.")
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
    check_output(output, read.files)
    _check_choices(level, target, dump_after)
    options = Options(level, target, tuple(emit or ()), dump_after, not no_format)
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
    except SpecError as error:
        if not error.report.has_errors:
            refuse_library(spec.source)
        terminal.show_on_stderr(error.report)
        raise typer.Exit(terminal.FAILED) from None


def _check_choices(level: int, target: str, dump_after: str | None) -> None:
    """Refuse targets and passes that there are not, naming those that there are."""
    from pkgutil import iter_modules

    from .. import templates
    from ..passes.pipeline import pass_names

    targets = [module.name for module in iter_modules(templates.__path__)]
    if target not in targets:
        raise typer.BadParameter(f"the targets are {', '.join(targets)}", param_hint="--target")
    passes = ["lower", *pass_names(level)]
    if dump_after is not None and dump_after not in passes:
        raise typer.BadParameter(
            f"the passes at -O{level} are {', '.join(passes)}", param_hint="--dump-after"
        )
