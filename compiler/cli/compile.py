"""`nnc compile`: compilation of a spec to a module."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from ..contents import CannotContain, Contents, UnfitWeights, check_contents
from ..emitted import EMITTED, CannotEmit
from ..targets import target_names
from . import terminal
from .app import Usage, app
from .freeze_option import freeze_option
from .importable import obstacles
from .memory_option import memory_option
from .output import check_output, deliver, output_option
from .spec import Spec, read_spec, refuse_library, spec_argument, spec_text
from .values import Whole, check_known

if TYPE_CHECKING:
    from ..contents import ReadWeights, Weights
    from ..driver import Compiled, Options
    from ..ir.layer_graph import TypedGraph

ONLY = "predict"
"""The only value of --only."""


@app.command()
@spec_argument
@spec_text
@output_option
@click.option(
    "-O",
    "level",
    metavar="LEVEL",
    type=Whole(0, 1),
    default=1,
    show_default=True,
    help="-O0 for reading, -O1 for speed.",
)
@click.option(
    "--target",
    metavar="NAME",
    default="numpy",
    show_default=True,
    help=f"What the module runs on: {', '.join(target_names())} (-O0 is plain NumPy; torch has one level).",
)
@click.option(
    "--emit",
    metavar="FUNCTION",
    multiple=True,
    help=f"Add a function to the module: {', '.join(EMITTED)}.",
)
@click.option(
    "--params",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Put trained weights (.npz or .safetensors) into the module: load_params() gives them.",
)
@click.option(
    "--only",
    metavar="FUNCTION",
    help="Write only what this function needs: predict, for deployment.",
)
@click.option(
    "--bare",
    is_flag=True,
    help="With -O0: only forward, loss, backward and sgd_step as formulas, for a page.",
)
@click.option(
    "--dump-after",
    metavar="PASS",
    help="Print the op graph after a pass (FUNCTION:PASS for predict and other functions).",
)
@click.option("--dump-program", is_flag=True, help="Print the memory plan of all functions.")
@click.option(
    "--without",
    metavar="NAME",
    multiple=True,
    help="Turn off an optimisation of -O1 (see docs/passes.md).",
)
@freeze_option
@click.option("--no-format", is_flag=True, help="Do not run Black.")
@click.option("--strict", is_flag=True, help="Also stop on warnings.")
@memory_option
def compile(
    spec: str | None,
    code: str | None,
    output: Path | None,
    level: int,
    target: str,
    emit: tuple[str, ...],
    params: Path | None,
    only: str | None,
    bare: bool,
    dump_after: str | None,
    dump_program: bool,
    without: tuple[str, ...],
    freeze: tuple[str, ...],
    no_format: bool,
    strict: bool,
    max_memory: int,
) -> None:
    """Compile a spec to one module, of NumPy or, with --target torch, of PyTorch.

    Without -o, print the module to standard output.

    Examples:

      nnc compile digits.nn -o digits.py

      nnc compile -O0 -c 'input 4 -> dense 3 softmax; loss crossentropy'

      nnc compile digits.nn --only predict --params digits.npz -o serve.py

      nnc compile digits.nn --target torch -o digits_torch.py

      cat digits.nn | nnc compile - > digits.py
    """
    from ..driver import Options

    contents, weights = _contents(only, bare), None if params is None else _reader(params)
    style = (not no_format, max_memory, without, dump_program)
    options = Options(level, target, emit, dump_after, *style, contents, weights, freeze)
    _check_options(options)
    read = read_spec(spec, code)
    check_output(output, read.files)
    _keep_weights(output, params)
    _write(read, options, output, strict)


def _write(read: Spec, options: Options, output: Path | None, strict: bool) -> None:
    """Compile, print the findings, and write the module, or print the requested dump instead."""
    warnings = obstacles(output, options.target if options.level else "numpy")
    try:
        compiled = compiled_spec(read, options)
    except CannotEmit as error:
        raise Usage(f"--emit: {error}") from None
    terminal.show_on_stderr(compiled.report)
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    if terminal.failed(compiled.report, strict) or (strict and warnings):
        raise Exit(terminal.FAILED)
    if compiled.dump is not None:
        click.echo(compiled.dump.rstrip("\n"))
    if output is not None or compiled.dump is None:
        deliver(compiled.code, output, read.files)


def compiled_spec(spec: Spec, options: Options) -> Compiled:
    """Compile a spec; print the findings, and exit on errors or an op without a gradient.

    Raises CannotEmit."""
    from ..autodiff.reverse import MissingGradient
    from ..diagnostics.model import SpecError
    from ..driver import compile_source
    from ..freezing import CannotFreeze

    try:
        return compile_source(spec.source, options, spec.files.load)
    except MissingGradient as error:
        click.echo(f"error: {error}", err=True)
        raise Exit(terminal.FAILED) from None
    except UnfitWeights as error:
        click.echo(f"error: {error}", err=True)
        raise Exit(terminal.FAILED) from None
    except CannotFreeze as error:
        raise Usage(f"--freeze: {error}") from None
    except SpecError as error:
        if not error.report.has_errors:
            refuse_library(spec.source)
        terminal.show_on_stderr(error.report)
        raise Exit(terminal.FAILED) from None


def _contents(only: str | None, bare: bool) -> Contents:
    if only is not None:
        check_known(only, (ONLY,), "--only")
    if only is not None and bare:
        raise Usage("--bare leaves out predict: it cannot be had with --only predict")
    return Contents.BARE if bare else Contents.PREDICT if only else Contents.MODULE


def _keep_weights(output: Path | None, params: Path | None) -> None:
    """Refuse to overwrite the weights file that is read."""
    if output is None or params is None or not (output.exists() and params.exists()):
        return
    if output.samefile(params):
        raise Usage(f"-o: {output} is the file of weights that is being read")


def _reader(path: Path) -> ReadWeights:
    def read(typed: TypedGraph) -> Weights:
        from .carried import read_weights

        return read_weights(path, typed)

    return read


def _check_options(options: Options) -> None:
    """Refuse unknown levels, targets, functions and passes; the error lists the known ones."""
    from ..passes.pipeline import OPTIONAL, dump_names
    from ..targets.requests import check_request, level_of

    for name in options.without:
        check_known(name, OPTIONAL, "--without")
    for name in options.emit:
        check_known(name, EMITTED, "--emit")
    if options.dump_after is not None:
        level = level_of(options.target, options.level)
        check_known(options.dump_after, dump_names(level), "--dump-after")
    check_known(options.target, target_names(), "--target")
    carries = options.weights is not None
    try:
        check_contents(
            options.contents, options.level, options.target, options.emit, carries=carries
        )
        check_request(
            *(options.target, options.level, options.emit, options.contents, options.without),
            carries=carries,
        )
    except CannotContain as error:
        raise Usage(str(error)) from None
