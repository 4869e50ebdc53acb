"""`nnc report`: a network, its derivation and its training, as one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..source import Source
from .app import Argument, Usage, app
from .files import SpecFiles
from .memory_option import memory_option
from .messages import warn
from .output import check_output, deliver, output_option
from .outputs import output_meanings
from .spec import Spec, checked_graph, read_spec
from .trained import params_option, trained_network
from .values import File

if TYPE_CHECKING:
    from nnc.runtime.dataset import Dataset
    from nnc.runtime.run import Run
    from nnc.runtime.trained import Trained

    from ..ir.layer_graph import TypedGraph
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

    It shows the network as a picture, the costs of each layer, and the formulas of
    forward and backward beside the lines of the module. For a run it also shows the
    training curves, the scores on its test data (or else its training data), the
    examples with the largest loss, and weights on images.

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
    typed = checked_graph(read, max_memory)
    from ..report.page import page

    about = _About(typed, read, network)
    if is_run:
        contents = _of_run(about, data)
    elif params is not None and data is not None:
        contents = _of_weights(about, params, data, max_memory)
    else:
        contents = about.contents()
    deliver(page(contents), output, read.files)


@dataclass(frozen=True, slots=True)
class _About:
    """The network of a report."""

    typed: TypedGraph
    read: Spec
    network: str

    def contents(self, **more: Any) -> Contents:
        """Return the contents that every report has, extended by `more`."""
        from ..ir.sizes import batch_size
        from ..report.page import Contents
        from ..source import printable

        name = Path(self.network).resolve().name.removesuffix(".nn")
        return Contents(
            typed=self.typed,
            title=self.typed.graph.model or printable(name),
            file=printable(self.read.source.name),
            spec=self.read.source.text.rstrip(),
            batch=batch_size(self.typed.graph),
            **more,
        )


def _of_weights(about: _About, params: str, data: str, max_memory: int) -> Contents:
    from .measured import measured, weights

    with trained_network(about.network, params, max_memory) as (trained, meanings):
        flat = _flat(data)
        return about.contents(
            measured=measured(trained, trained.labelled(data, warn), "data", meanings, flat),
            weights=weights(about.typed, trained.params, flat),
        )


def _of_run(about: _About, data: str | None) -> Contents:
    """Return what a run has: at least its curves, if the weights or the data are missing."""
    from nnc.runtime.dataset import DataError
    from nnc.runtime.run import RunError, open_run
    from nnc.runtime.trained import Trained

    from ..report.history import read_history
    from .measured import measured, weights

    run, notes = open_run(about.network), []
    log = run.path / "log.jsonl"
    more: dict[str, Any] = {}
    if log.exists():
        more["history"] = read_history(log.read_text("utf-8", errors="replace"))
    try:
        trained = Trained(run.module, *run.weights(), run.encoding)
        source = data or run.options["source"]["data"]
        more["weights"] = weights(about.typed, trained.params, _flat(source))
        rows, role = _rows(run, trained, data)
        meanings = output_meanings(about.typed)
        more["measured"] = measured(trained, rows, role, meanings, _flat(source))
    except (DataError, RunError, OSError) as error:
        notes.append(f"Not measured: {error}.")
        warn(f"the network is not measured: {error}")
    return about.contents(**more, notes=notes)


def _rows(run: Run, trained: Trained, data: str | None) -> tuple[Dataset, str]:
    """Return the data to measure on, and their role; by default, the run's held-out data."""
    from nnc.runtime.fingerprint import place

    from .trainings import from_options, load_sets

    if data is not None:
        return trained.labelled(data, warn), "data"
    places = {role: place(known) for role, known in run.data.items()}
    sets = load_sets(run.module, from_options(run.options, places))
    for rows, role in ((sets.test, "test data"), (sets.validation, "validation data")):
        if rows is not None:
            return rows, role
    return sets.train, "training data"


def _flat(data: str) -> bool:
    """Return whether flat rows may be images: rows of tables are not."""
    from nnc.runtime.tables.table import is_table

    return not is_table(data)


def _spec_of(network: str) -> Spec:
    """Return the spec of a run, or of a file."""
    if not Path(network).is_dir():
        return read_spec(network, None)
    from .trainings import told_faults

    with told_faults():
        from nnc.runtime.run import open_run

        return Spec(Source(f"{network}/model.nn", open_run(network).spec_text), SpecFiles())


def _keep_run(output: Path | None, run: str | None, *files: str | None) -> None:
    """Refuse to overwrite files that are read, or to write into the folder of the run."""
    if output is None:
        return
    if run is not None and output.absolute().parent == Path(run).absolute():
        raise Usage(f"-o: {run} is the run that is being read; name a file outside of it")
    for name in filter(None, files):
        if output.exists() and Path(name).exists() and output.samefile(name):
            raise Usage(f"-o: {output} is a file that is being read")
