"""`nnc import`: an ONNX model as a spec and its weights."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from ..source import printable
from .app import Argument, Usage, app
from .files import SpecFiles
from .messages import fail, warn
from .output import check_output, deliver, output_option
from .values import File

if TYPE_CHECKING:
    from ..onnx_import.faults import CannotImport
    from ..onnx_import.importing import Imported

MOST = 20
"""Most nodes without a counterpart that are listed."""


@app.command("import")
@click.argument(
    "model",
    cls=Argument,
    metavar="MODEL",
    type=File("the name of an .onnx file"),
    help="An .onnx file.",
)
@output_option
@click.option(
    "--params",
    metavar="FILE",
    type=File("the name of a file"),
    help="Write the weights here: .safetensors or .npz.",
)
def import_model(model: str, output: Path | None, params: str | None) -> None:
    """Read an ONNX model as a spec, with its weights in another file.

    The spec passes `nnc lint`, and the compiled module predicts what the model does. The
    loss is guessed from the last activation. Nodes that no spec can say are listed, each
    with what could be done; then nothing is written.

    Examples:

      nnc import model.onnx -o model.nn --params model.safetensors

      nnc import model.onnx
    """
    if find_spec("onnx") is None:
        fail("reading ONNX models needs the package onnx: pip install 'nnc[onnx]'")
    _check_places(model, output, params)
    found = _imported(Path(model), output)
    if params is not None:
        from .weight_arrays import deliver_arrays

        deliver_arrays(params, found.params, found.state)
    deliver(found.spec, output, SpecFiles())
    for note in found.notes:
        warn(f"{model}: {note}")


def _check_places(model: str, output: Path | None, params: str | None) -> None:
    """Refuse outputs that would overwrite the model or each other, before any work is done."""
    places = [Path(place).absolute() for place in (model, output, params) if place is not None]
    if len(set(places)) < len(places):
        raise Usage("the model, the spec and the weights are three files")
    check_output(output, SpecFiles())
    check_output(None if params is None else Path(params), SpecFiles())


def _imported(model: Path, output: Path | None) -> Imported:
    from ..onnx_import.faults import CannotImport, CannotRead
    from ..onnx_import.importing import import_model

    try:
        return import_model(model, str(output or "model.nn"))
    except CannotRead as error:
        fail(str(error))
    except CannotImport as error:
        _refuse(model, error)
    except OSError as error:
        fail(f"{model}: {error.strerror or error}")


def _refuse(model: Path, error: CannotImport) -> NoReturn:
    count = len(error.faults)
    for fault in error.faults[:MOST]:
        click.echo(f"{model}: {printable(str(fault))}", err=True)
    if count > MOST:
        click.echo(f"{model}: and {count - MOST} more nodes", err=True)
    nodes = f"{count} node{'s have' if count > 1 else ' has'}"
    fail(f"{nodes} no counterpart in a spec; nothing is written")
