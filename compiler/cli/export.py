"""`nnc export`: a trained network in a format that other programs run."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from ..onnx_export.registry import OPSET, OPSETS
from .app import Usage, app
from .memory_option import memory_option
from .messages import fail
from .output import check_output, required_output
from .spec import Spec, checked_graph, read_spec
from .trained import needed_params, network_argument, opened_run, params_option, spec_of_run
from .values import Whole, Word

if TYPE_CHECKING:
    from ..ir.layer_graph import TypedGraph
    from .weight_arrays import Array


class Format(StrEnum):
    """What a network can be exported to."""

    ONNX = "onnx"


class _Weighted(NamedTuple):
    """A network, its spec, and its parameters and state by name."""

    typed: TypedGraph
    read: Spec
    arrays: dict[str, Array]


@app.command()
@network_argument
@params_option
@click.option(
    "--to",
    "format_",
    metavar="FORMAT",
    type=Word(Format),
    default=Format.ONNX.value,
    show_default=True,
    help="The format: onnx.",
)
@click.option(
    "--opset",
    metavar="NUMBER",
    type=Whole(OPSETS[0], OPSETS[-1]),
    default=OPSET,
    show_default=True,
    help="Version of ONNX's operators.",
)
@click.option(
    "--external-data",
    "apart",
    is_flag=True,
    help="Write the weights into a second file beside the model, NAME.data; for 2 GiB and more.",
)
@required_output("File to write, such as model.onnx.")
@memory_option
def export(
    network: str,
    params: str | None,
    format_: Format,
    opset: int,
    apart: bool,
    output: str,
    max_memory: int,
) -> None:
    """Write a trained network as an ONNX model that predicts.

    Inputs and outputs keep the names of the spec; the number of rows and the sizes that
    the spec leaves open stay open. A padded input has a second input, NAME_lengths.

    Examples:

      nnc export runs/digits -o digits.onnx

      nnc export digits.nn --params digits.npz -o digits.onnx

      nnc export large.nn --params large.safetensors --external-data -o large.onnx
    """
    if find_spec("onnx") is None:
        fail(f"--to {format_.value} needs the package onnx: pip install 'nnc[onnx]'")
    found = _network(network, params, max_memory)
    check_output(Path(output), found.read.files)
    _keep_weights(Path(output), params, apart)
    _write(found, opset, Path(output), apart)


def _beside(output: Path) -> Path:
    """The file of the tensors of a model."""
    return output.with_name(f"{output.name}.data")


def _keep_weights(output: Path, params: str | None, apart: bool) -> None:
    """Refuse to write the tensors over the weights that are read."""
    data = _beside(output)
    if apart and params is not None and data.exists() and data.samefile(params):
        raise Usage(f"-o: {data} is the file of weights that is being read")


def _write(found: _Weighted, opset: int, output: Path, apart: bool) -> None:
    from nnc.runtime.durable import write_bytes

    from ..onnx_export.model import CannotExport, onnx_model, onnx_model_apart
    from .onnx_file import write_apart

    given = (found.typed, found.arrays, opset, found.read.source.text)
    try:
        if not apart:
            write_bytes(output, onnx_model(*given).SerializeToString())
            return
        data = _beside(output)
        model, parts = onnx_model_apart(*given, data.name)
        write_apart(model.SerializeToString(), parts, output, data)
    except CannotExport as error:
        fail(f"cannot export: {error}")
    except OSError as error:
        fail(f"cannot write {output}: {error.strerror or error}")
    click.echo(f"the weights are in {data.name}, beside the model")


def _network(network: str, params: str | None, max_memory: int) -> _Weighted:
    if Path(network).is_dir():
        return _of_run(network, params, max_memory)
    weights = needed_params(network, params)
    from ..contents import UnfitWeights
    from .weight_arrays import read_arrays

    read = read_spec(network, None)
    typed = checked_graph(read, max_memory)
    try:
        return _Weighted(typed, read, read_arrays(Path(weights), typed))
    except UnfitWeights as error:
        fail(str(error))


def _of_run(folder: str, params: str | None, max_memory: int) -> _Weighted:
    from nnc.runtime.run import RunError
    from nnc.runtime.weights import WeightsError

    try:
        run = opened_run(folder, params)
        arrays = {**run.params(), **run.state()}
    except (RunError, WeightsError) as error:
        fail(str(error))
    read = spec_of_run(folder, run)
    return _Weighted(checked_graph(read, max_memory), read, arrays)
