"""`nnc report`: a network, its derivation and how it was trained, as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..source import Source
from .app import Argument, Usage, app
from .files import SpecFiles
from .memory_option import memory_option
from .output import check_output, deliver, output_option
from .spec import Spec, checked_graph, read_spec
from .trained import params_option
from .values import File

if TYPE_CHECKING:
    from ..report.page import Contents


@app.command()
@click.argument(
    "network",
    cls=Argument,
    metavar="RUN|SPEC",
    type=File("the folder of a run, or the name of a .nn file"),
    help="The folder that `nnc train --run` filled, or a .nn file.",
)
@click.option(
    "--data",
    metavar="DATA",
    type=File("data"),
    help="Data with targets to measure on; a run has its own.",
)
@params_option
@output_option
@memory_option
def report(
    network: str, data: str | None, params: str | None, output: Path | None, max_memory: int
) -> None:
    """Write a report on a network as one HTML file that needs nothing else.

    It shows the network as a picture, what each layer costs, and the formulas of
    forward and backward beside the lines of the module. Of a run also the curves of
    its training, how it does on its test data (or, without, its training data), the
    examples it does worst on, and weights that look at images.

    Examples:

      nnc report digits.nn -o digits.html

      nnc report runs/digits -o digits.html

      nnc report digits.nn --params digits.npz --data digits -o digits.html
    """
    is_run = Path(network).is_dir()
    if not is_run and (params is None) != (data is None):
        raise Usage("--params and --data are given together: weights are measured on data")
    if is_run and params is not None:
        raise Usage(f"--params: {network} is a run, which has its own weights")
    read = _spec_of(network)
    check_output(output, read.files)
    _keep_run(output, network if is_run else None, data, params)
    from ..report.page import page

    contents = _contents(network, read, data, params, max_memory, is_run=is_run)
    deliver(page(contents), output, read.files)
